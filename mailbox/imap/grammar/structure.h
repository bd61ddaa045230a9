// mailbox/imap/grammar/structure.h: ENVELOPE, BODY and BODYSTRUCTURE of a message (RFC 3501
// §7.4.2), and where its sections lie.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mailbox/store/types.h"

namespace postern::imap {

/// The parenthesised ENVELOPE of a whole message, its BODYSTRUCTURE, and its BODY, which is that
/// without extension data. Pure and total: any bytes give valid texts.
mailbox::Summary summarise(std::string_view message);

/// What stands between the brackets of BODY[…] (RFC 3501 §6.4.5).
struct Section {
  enum class Kind : std::uint8_t { whole, header, header_fields, header_fields_not, text, mime };
  std::vector<std::uint32_t> part;  // 1.2.3; empty: the message itself
  Kind kind = Kind::whole;
  std::vector<std::string>
      fields;  // of header_fields and header_fields_not, as the client wrote them

  bool operator==(const Section&) const = default;
};

/// Octets [offset, offset + length) of a message.
struct Range {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  bool operator==(const Range&) const = default;
};

/// Where `section` lies in the message; for header_fields(_not), the header they are taken from.
/// None when the message has no such part.
std::optional<Range> find_section(std::string_view message, const Section& section);

/// The fields that header_fields or header_fields_not choose from a header, with the empty line
/// that ends it.
std::string select_fields(std::string_view header, const Section& section);

}  // namespace postern::imap
