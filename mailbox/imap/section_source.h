// mailbox/imap/section_source.h: where the octets of BODY[section] come from.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/async/task.h"
#include "mailbox/imap/structure.h"
#include "mailbox/store/hub.h"

namespace postern::imap {

/// What a section holds: some text, octets of the stored message, or nothing that exists.
struct SectionSource {
  std::optional<std::string> text;
  Range range;
  bool exists = true;  // false: the message has no such part, which is NIL
  std::uint64_t size() const { return text ? text->size() : range.length; }
};

/// Finds a section of the message `entry`. None when the message is gone. `metadata` holds the
/// header when the section lies outside of all parts and is not the whole message.
Task<std::optional<SectionSource>> locate_section(mailbox::Mailbox& mailbox,
                                                  mailbox::FolderId folder, const Section& section,
                                                  const mailbox::MessageEntry& entry,
                                                  const mailbox::Metadata* metadata);

}  // namespace postern::imap
