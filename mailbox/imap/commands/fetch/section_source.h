// mailbox/imap/commands/fetch/section_source.h: where the octets of BODY[section] come from.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/async/task.h"
#include "mailbox/imap/grammar/structure.h"
#include "mailbox/store/mailbox.h"

namespace postern::imap {

/// What a section holds: some text, octets of the stored message, or nothing that exists.
struct SectionSource {
  std::optional<std::string> text;
  Range range;
  bool exists = true;  // false: the message has no such part, which is NIL
  std::uint64_t size() const { return text ? text->size() : range.length; }
};

/// A section that lies outside of all parts, of a message of `size` octets. `metadata` holds its
/// header, unless the section is the whole message.
SectionSource section_of_message(const Section& section, std::uint64_t size,
                                 const mailbox::Metadata* metadata);

/// A section of a part of a message that is held.
Task<SectionSource> section_of_part(mailbox::Mailbox& mailbox, mailbox::ContentId content,
                                    const Section& section);

}  // namespace postern::imap
