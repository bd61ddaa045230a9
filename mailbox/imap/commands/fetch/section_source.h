// mailbox/imap/commands/fetch/section_source.h: where the octets of BODY[section] come from.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/async/task.h"
#include "core/mail/headers.h"
#include "mailbox/imap/grammar/structure.h"
#include "mailbox/store/mailbox.h"

namespace postern::imap {

/// What a section holds: octets of the stored message, then some text; or nothing that exists.
struct SectionSource {
  std::vector<Range> stored;
  std::string text;
  bool exists = true;  // false: the message has no such part, which is NIL
  std::uint64_t size() const;
};

/// A section that lies outside of all parts, of a message of `size` octets with that header; it may
/// be null for the whole message.
SectionSource section_of_message(const Section& section, std::uint64_t size,
                                 const mail::HeaderBlock* header);

/// Sections of a message that is held, all by one look into it.
Task<std::vector<SectionSource>> sections_of_content(mailbox::Mailbox& mailbox,
                                                     mailbox::ContentId content,
                                                     std::span<const Section* const> sections);

}  // namespace postern::imap
