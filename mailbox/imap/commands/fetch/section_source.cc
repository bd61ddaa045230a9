// mailbox/imap/commands/fetch/section_source.cc: the message's own sections by their sizes alone,
// those of parts by reading its structure.
#include "mailbox/imap/commands/fetch/section_source.h"

#include <algorithm>

namespace postern::imap {
namespace {

bool chooses_fields(const Section& section) {
  return section.kind == Section::Kind::header_fields ||
         section.kind == Section::Kind::header_fields_not;
}

}  // namespace

SectionSource section_of_message(const Section& section, std::uint64_t size,
                                 const mailbox::Metadata* metadata) {
  if (section.kind == Section::Kind::whole) return {.text = {}, .range = {0, size}};
  if (section.kind == Section::Kind::header) return {.text = metadata->header, .range = {}};
  if (section.kind == Section::Kind::text) {
    const std::uint64_t header = std::min<std::uint64_t>(metadata->header.size(), size);
    return {.text = {}, .range = {header, size - header}};
  }
  return {.text = select_fields(metadata->header, section), .range = {}};
}

Task<SectionSource> section_of_part(mailbox::Mailbox& mailbox, mailbox::ContentId content,
                                    const Section& section) {
  std::optional<Range> range;
  std::string text;
  // By reference is right here: this frame waits for the work, so it outlives it.
  co_await mailbox.read([&](mailbox::MailboxStore& store) {
    const std::string message = store.octets(content);
    range = find_section(message, section);
    if (range && chooses_fields(section)) {
      const std::string_view header(message);
      text = select_fields(header.substr(range->offset, range->length), section);
    }
  });
  if (!range) co_return SectionSource{.text = {}, .range = {}, .exists = false};
  if (chooses_fields(section)) co_return SectionSource{.text = std::move(text), .range = {}};
  co_return SectionSource{.text = {}, .range = *range};
}

}  // namespace postern::imap
