// core/net/tls_offer.h: what a listener does about TLS.
#pragma once

#include <cstdint>
#include <string_view>

namespace postern::net {

/// What a door offers and asks of those who come in, the same for SMTP (RFC 3207), IMAP (RFC 9051
/// §6.2.1) and POP3 (RFC 2595 §4). What we ask of a host that we call is `delivery::TlsDemand`.
enum class TlsOffer : std::uint8_t {
  required,  ///< nothing but the way to TLS before it: no login, no mail (RFC 8314 §3.3)
  optional,  ///< as the client likes; a login may pass in the clear, too
  off,       ///< neither TLS nor, on a clear connection, a login
};

constexpr std::string_view name(TlsOffer offer) {
  switch (offer) {
    case TlsOffer::required:
      return "required";
    case TlsOffer::optional:
      return "optional";
    case TlsOffer::off:
      return "off";
  }
  return {};
}

/// Whether a password may pass over a connection (RFC 8314 §4.1, RFC 4954 §4).
constexpr bool lets_log_in(TlsOffer offer, bool is_encrypted) {
  return is_encrypted || offer == TlsOffer::optional;
}

/// Whether the client must start TLS before anything else.
constexpr bool needs_tls_first(TlsOffer offer, bool is_encrypted) {
  return !is_encrypted && offer == TlsOffer::required;
}

/// Whether the client may start TLS now: never twice (RFC 3207 §4.2, RFC 2595 §4).
constexpr bool offers_start_tls(TlsOffer offer, bool has_certificate, bool is_encrypted) {
  return !is_encrypted && has_certificate && offer != TlsOffer::off;
}

}  // namespace postern::net
