// mailbox/imap/commands/fetch/request.h: what FETCH asks for (RFC 3501 §6.4.5; RFC 7162). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mailbox/imap/grammar/arguments.h"
#include "mailbox/imap/grammar/structure.h"

namespace postern::imap {

struct FetchItem {
  enum class Kind : std::uint8_t {
    flags,
    internal_date,
    size,
    uid,
    envelope,
    body_structure,
    body,
    modseq,  // RFC 7162 §3.1.4.2
    section
  };
  Kind kind{};
  std::string label;  // as the answer calls it, without <origin>
  Section section;    // of `section`, the following too
  bool peek = false;
  struct Partial {
    std::uint32_t offset = 0, count = 0;
    bool operator==(const Partial&) const = default;
  };
  std::optional<Partial> partial;
};

struct FetchRequest {
  SequenceSet set;
  std::vector<FetchItem> items;
  std::optional<std::uint64_t> changed_since;  // RFC 7162 §3.1.4.1
  bool vanished = false;                       // RFC 7162 §3.2.6
  static Parsed<FetchRequest> parse(std::string_view arguments);
};

}  // namespace postern::imap
