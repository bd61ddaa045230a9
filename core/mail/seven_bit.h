// core/mail/seven_bit.h: makes a message fit for a host without 8BITMIME (RFC 6152 §3).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace postern::mail {

/// Whether a message may only go to a host that offers 8BITMIME: an octet above 127, or a part that
/// says `binary`.
bool needs_eight_bit(std::string_view message);

/// The message in 7 bit: bodies become quoted-printable (text) or base64, raw 8-bit fields become
/// encoded words. Bodies with lines over 998 octets are encoded, too. None when that cannot be: an
/// address outside of ASCII (answer 5.6.7), or a structure beyond the limits (5.6.3). Signatures
/// over the message break: sign again afterwards.
std::optional<std::string> to_seven_bit(std::string_view message);

}  // namespace postern::mail
