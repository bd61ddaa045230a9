// mailbox/imap/commands/fetch/section_source.cc: the message's own sections by its header alone,
// those of parts by reading its structure.
#include "mailbox/imap/commands/fetch/section_source.h"

#include <algorithm>
#include <numeric>
#include <optional>

namespace postern::imap {
namespace {

constexpr std::string_view end_of_header = "\r\n";

bool chooses_fields(const Section& section) {
  return section.kind == Section::Kind::header_fields ||
         section.kind == Section::Kind::header_fields_not;
}

/// Looks for sections in one message; the header that was looked at last is not parsed again.
class Finder {
 public:
  explicit Finder(std::string_view message) : message_(message), sections_(message) {}

  SectionSource find(const Section& section) {
    const std::optional<Range> range = sections_.find(section);
    if (!range) return {.stored = {}, .text = {}, .exists = false};
    if (!chooses_fields(section)) return {.stored = {*range}, .text = {}};
    if (range_ != range) header_ = mail::HeaderBlock::parse(text_of(*range));
    range_ = range;
    SectionSource source{.stored = choose_fields(header_, section),
                         .text = std::string(end_of_header)};
    for (Range& field : source.stored) field.offset += range->offset;
    return source;
  }

 private:
  std::string_view text_of(const Range& range) const {
    return message_.substr(range.offset, range.length);
  }

  std::string_view message_;
  Sections sections_;
  std::optional<Range> range_;
  mail::HeaderBlock header_;
};

}  // namespace

std::uint64_t SectionSource::size() const {
  return std::accumulate(stored.begin(), stored.end(), std::uint64_t{text.size()},
                         [](std::uint64_t sum, const Range& range) { return sum + range.length; });
}

SectionSource section_of_message(const Section& section, std::uint64_t size,
                                 const mail::HeaderBlock* header) {
  if (section.kind == Section::Kind::whole) return {.stored = {{0, size}}, .text = {}};
  if (section.kind == Section::Kind::header)
    return {.stored = {}, .text = std::string(header->text())};
  if (section.kind == Section::Kind::text) {
    const std::uint64_t begin = std::min<std::uint64_t>(header->size(), size);
    return {.stored = {{begin, size - begin}}, .text = {}};
  }
  return {.stored = {}, .text = select_fields(*header, section)};
}

Task<std::vector<SectionSource>> sections_of_content(mailbox::Mailbox& mailbox,
                                                     mailbox::ContentId content,
                                                     std::span<const Section* const> sections) {
  // By reference is right here: this frame waits for the work, so it outlives it.
  co_return co_await mailbox.read([&](mailbox::MailboxStore& store) {
    const std::string message = store.octets(content);
    Finder finder(message);
    std::vector<SectionSource> sources;
    for (const Section* const section : sections) sources.push_back(finder.find(*section));
    return sources;
  });
}

}  // namespace postern::imap
