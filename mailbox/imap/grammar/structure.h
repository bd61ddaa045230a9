// mailbox/imap/grammar/structure.h: ENVELOPE, BODY and BODYSTRUCTURE of a message (RFC 3501
// §7.4.2), and where its sections lie.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/mail/headers.h"
#include "core/mail/mime.h"
#include "mailbox/store/types.h"

namespace postern::imap {

/// Octets of an ENVELOPE; of a longer one each field is cut to its first 4 KiB, each list to the
/// addresses that fit there.
inline constexpr std::size_t envelope_limit = 64 * 1024;
/// Octets of a BODYSTRUCTURE or BODY; a longer one tells of each part but type, encoding and size.
inline constexpr std::size_t structure_limit = 64 * 1024;

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

/// Where the sections of a message lie; it is parsed once for all of them.
class Sections {
 public:
  explicit Sections(std::string_view message) : mime_(mail::MimeStructure::parse(message)) {}

  /// For header_fields(_not), the header they are taken from. None when the message has no such
  /// part.
  std::optional<Range> find(const Section& section) const;

 private:
  mail::MimeStructure mime_;
};

/// Where the fields lie in the header's text that header_fields or header_fields_not choose,
/// ascending; neighbours are one range.
std::vector<Range> choose_fields(const mail::HeaderBlock& header, const Section& section);

/// These fields, with the empty line that ends a header.
std::string select_fields(const mail::HeaderBlock& header, const Section& section);

}  // namespace postern::imap
