// delivery/model/outcome.h: what came of an attempt, and what a host to try is.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/mail/status.h"
#include "core/net/address.h"

namespace postern::delivery {

/// How a host is spoken to.
enum class Protocol : std::uint8_t { smtp, lmtp };
/// What must hold before any mail is sent to a host, from little to much. `off`: never encrypted;
/// `opportunistic`: without a check if offered (RFC 7435); `required`: encrypted, or not at all;
/// `verified`: and with a certificate for the host's name. Not `net::TlsOffer`, which says what our
/// own doors do: a door checks nobody's certificate, and a login over it is another question.
enum class TlsDemand : std::uint8_t { off, opportunistic, required, verified };

/// One host of a next hop, with its addresses not yet looked up when `addresses` is empty.
struct Target {
  std::string host;  ///< A-label name, literal without brackets, or a unix path
  std::uint16_t port = 25;
  std::vector<net::Address> addresses;
  Protocol protocol = Protocol::smtp;
  TlsDemand tls = TlsDemand::opportunistic;
  bool tls_from_start = false;  ///< smtps
  std::string user, password;   ///< AUTH, when not empty
};

/// What became of one recipient in one attempt.
struct Verdict {
  /// `delivered`: in its mailbox; `relayed`: with a host that sends no success report;
  /// `transferred`: with one that does.
  enum class Kind : std::uint8_t {
    delivered,
    relayed,
    transferred,
    deferred,
    failed
  } kind = Kind::deferred;
  bool is_success() const { return kind <= Kind::transferred; }
  mail::StatusCode status;
  std::string reply;        ///< the remote's words or ours, sanitised
  bool is_ours = false;     ///< the words are not a remote's but our own: "no host answered"
  std::string remote_host;  ///< who said so, empty when we did
};

/// A verdict in our own words. `host`: whom they are about, when it is a remote one.
inline Verdict our_verdict(Verdict::Kind kind, mail::StatusCode status, std::string text,
                           std::string host = {}) {
  return {.kind = kind,
          .status = status,
          .reply = std::move(text),
          .is_ours = true,
          .remote_host = std::move(host)};
}
inline Verdict our_delay(mail::StatusCode status, std::string text, std::string host = {}) {
  return our_verdict(Verdict::Kind::deferred, status, std::move(text), std::move(host));
}

/// Of one attempt over all hosts.
struct AttemptResult {
  std::vector<Verdict> verdicts;  ///< one for each recipient of the job, in order
  std::string host{}, address{}, tls{};
  std::chrono::milliseconds took{0};
  bool uncertain = false;     ///< a connection broke after the dot
  bool body_missing = false;  ///< hold it: never bounce
  bool broken_off = false;    ///< by our shutdown: put back without counting
  bool crowded = false;       ///< not tried: too many wait for this hop. Put off without counting
};

inline AttemptResult same_for_all(std::size_t recipients, const Verdict& verdict) {
  return {.verdicts = std::vector<Verdict>(recipients, verdict)};
}

}  // namespace postern::delivery
