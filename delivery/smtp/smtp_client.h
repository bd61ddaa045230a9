// delivery/smtp/smtp_client.h: our side of an SMTP or LMTP conversation (RFC 5321, 2033, 2920,
// 3207, 3461, 4954).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/async/task.h"
#include "core/error.h"
#include "core/mail/envelope.h"
#include "core/mail/esmtp.h"
#include "core/net/stream.h"
#include "core/net/tls.h"
#include "delivery/model/outcome.h"
#include "delivery/smtp/remote_reply.h"

namespace postern::delivery {

/// RFC 5321 §4.5.3.2; `delivery.command_timeout` replaces them all.
struct ClientTimeouts {
  std::chrono::milliseconds connect{30'000},
      greeting = std::chrono::minutes(5), command = std::chrono::minutes(5),
      mail = std::chrono::minutes(5), recipient = std::chrono::minutes(5),
      data = std::chrono::minutes(2), block = std::chrono::minutes(3),
      dot = std::chrono::minutes(10), quit = std::chrono::seconds(5);
  static ClientTimeouts all(std::chrono::milliseconds connect, std::chrono::milliseconds each);
};

/// What all clients of a courier share.
struct ClientSettings {
  std::string hostname;
  ClientTimeouts timeouts;
  std::shared_ptr<const net::TlsContext> opportunistic, verified;
  std::vector<net::Address> source;
};

/// The host, not the mail, is in trouble: try the next one. Never a reason to bounce.
class HostTrouble : public IoError {
 public:
  enum class Kind : std::uint8_t {
    other,
    handshake,  ///< a try in the clear may help
    busy,       ///< 421: press less
    sender      ///< 4xx to MAIL: it may be well with other mail, and so is the connection
  };
  explicit HostTrouble(Verdict why, Kind kind = Kind::other);
  const Verdict& why() const { return why_; }
  bool is(Kind kind) const { return kind_ == kind; }

 private:
  Verdict why_;
  Kind kind_;
};

/// The message has a line that SMTP cannot carry: longer than 998 octets, or not ended by CRLF. The
/// connection is closed before the dot: nobody has it.
class UnfitLines : public IoError {
 public:
  UnfitLines();
};

/// Our own queue may have given the message to another node meanwhile: the host has no part in it.
class LeaseTooOld : public IoError {
 public:
  LeaseTooOld();
};

/// Gives the message piece by piece; an empty piece is its end.
using PieceReader = std::function<Task<std::string_view>()>;

/// What goes into one transaction.
struct Letter {
  const mail::Envelope& envelope;
  mail::MailParameters parameters;  ///< the envelope's options, as they fit the host; the size
  const std::function<bool()>& lease_is_fresh;
};

/// One connection, greeted and ready to send. On one loop.
class SmtpClient {
 public:
  static constexpr std::size_t recipients_limit = 100;  // RFC 5321 §4.5.3.1.8

  /// Connects, greets, encrypts and logs in as `target` demands. Throws HostTrouble and other
  /// IoErrors.
  static Task<std::unique_ptr<SmtpClient>> open(Target target, net::Address address,
                                                bool may_encrypt, ClientSettings settings);

  /// One transaction for `batch` (indices into the letter's recipients). Verdicts are filled in as
  /// they are known; recipients that the host has no room for in this transaction (452) stay open
  /// if others were taken. Throws IoError when the connection breaks: what then has no verdict was
  /// certainly not taken. Throws UnfitLines for what must not go on the wire.
  Task<> send(const Letter& letter, std::vector<std::size_t> batch, PieceReader next_piece,
              std::vector<std::optional<Verdict>>& verdicts);
  /// Never throws IoError.
  Task<> quit();

  /// What the host said to our EHLO; nothing if it took HELO only.
  const mail::Offer& offer() const { return offer_; }
  /// May it serve another message? Not while a reply is owed: it would be taken for the next one's.
  bool is_reusable() const;
  /// Reusable, and the host has not hung up meanwhile.
  bool is_waiting() const { return is_reusable() && stream_.is_quiet(); }
  bool was_uncertain() const { return uncertain_; }  ///< the connection broke after a dot
  bool is_busy() const { return busy_; }  ///< it said 421, and not just to a connection grown old
  std::size_t sent() const { return sent_; }
  std::string tls_text() const;
  const net::Address& address() const { return stream_.peer(); }

 private:
  class Transaction;  // smtp_transaction.cc

  SmtpClient(Target target, ClientSettings settings, net::Stream stream);
  Task<> greet(bool may_encrypt);
  Task<> hello();
  Task<> start_tls();
  Task<> log_in();
  /// The reply to the oldest command that has none yet. `limit` is for all of it.
  Task<RemoteReply> read_reply(std::chrono::milliseconds limit);
  /// Nobody may speak before he is asked: his words would be taken for the reply to what comes
  /// next.
  void expect_silence();
  Task<RemoteReply> command(std::string line, std::chrono::milliseconds limit);
  /// The host will not do `what`: its own status says why, unless we know better.
  [[noreturn]] void refuse(const RemoteReply& reply, std::string_view what,
                           std::optional<mail::StatusCode> why = std::nullopt);
  [[noreturn]] void refuse_tls(const RemoteReply& reply);
  [[noreturn]] void protocol_error(std::string_view what);

  Target target_;
  ClientSettings settings_;
  net::Stream stream_;
  mail::Offer offer_;
  bool reusable_ = true, needs_reset_ = false, uncertain_ = false, busy_ = false;
  bool is_resuming_ = false;    // the next reply is the first one after a message
  std::size_t unanswered_ = 1;  // commands that still have no reply; at first the greeting is owed
  std::size_t sent_ = 0;
};

}  // namespace postern::delivery
