// relay/smtp/session.h: one SMTP, submission or LMTP conversation (RFC 5321, 6409, 2033).
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/async/task.h"
#include "core/mail/dot_stuffing.h"
#include "core/mail/envelope.h"
#include "core/mail/esmtp.h"
#include "core/net/idle_sessions.h"
#include "core/net/stream.h"
#include "policy/authenticator.h"
#include "policy/sasl/exchange.h"
#include "relay/intake/intake.h"
#include "relay/smtp/commands.h"
#include "relay/smtp/reply.h"
#include "relay/smtp/terms.h"

namespace postern::smtp {

/// How far a conversation has come. `ready` to send: after EHLO on port 25, after AUTH on
/// submission.
enum class Phase { connected, greeted, ready, sender, recipients };

/// One conversation, from a greeting or the end of a TLS handshake until QUIT or STARTTLS.
/// STARTTLS begins a new object, which knows nothing of this one (RFC 3207 §4.2).
class Session {
 public:
  enum class Ending { over, start_tls };

  Session(net::Stream& stream, const Terms& terms, relay::Intake& intake,
          policy::Authenticator& logins, net::IdleSessions& idle);

  /// Greets, unless this goes on after STARTTLS.
  Task<Ending> serve(bool greets);

 private:
  /// Which doors a verb exists at.
  struct Doors {
    bool mx, submission, lmtp;
  };
  enum class Tls { either, never };
  struct Verb {
    std::string_view word;
    Phase earliest;
    Doors doors;
    Tls encrypted;
    Task<Answer> (Session::*handler)(std::string_view arguments);
  };
  static const Verb* find_verb(std::string_view word);

  Task<std::string> next_line(bool& is_too_long);
  Task<Answer> obey(const Request& request);
  Answer missing() const;
  bool is_fault(const Request& request, const Answer& answer) const;
  std::size_t faults_allowed() const;
  Task<> send(const Answer& answer);
  bool may_go_on() const;
  bool is_at_door(const Doors& doors) const;

  // hello.cc
  Task<Answer> ehlo(std::string_view arguments);
  Task<Answer> helo(std::string_view arguments);
  Task<Answer> lhlo(std::string_view arguments);
  Answer greet(std::string_view arguments, bool is_extended);
  mail::ServerRole role() const;
  mail::ServerTerms server_terms() const;
  Phase first_phase() const;
  // starttls.cc
  Task<Answer> starttls(std::string_view arguments);
  // auth.cc
  Task<Answer> auth(std::string_view arguments);
  bool offers_login() const;
  std::string mechanisms() const;
  policy::sasl::Channel sasl_channel() const;
  // mail.cc
  Task<Answer> mail(std::string_view arguments);
  // rcpt.cc
  Task<Answer> rcpt(std::string_view arguments);
  // data.cc
  Task<Answer> data(std::string_view arguments);
  Task<> receive_until_dot();
  Task<Answer> finish_message();
  Task<> keep(std::string_view octets);
  Task<> pass_on();
  bool is_lost() const;
  void begin_message();
  std::string protocol_word() const;
  // bdat.cc
  Task<Answer> bdat(std::string_view arguments);
  Task<Answer> take_chunk(BdatCommand command);
  Task<> read_chunk(std::uint64_t size, bool keeps);
  // simple.cc
  Task<Answer> rset(std::string_view arguments);
  Task<Answer> noop(std::string_view arguments);
  Task<Answer> vrfy(std::string_view arguments);
  Task<Answer> expn(std::string_view arguments);
  Task<Answer> help(std::string_view arguments);
  Task<Answer> quit(std::string_view arguments);
  void reset();

  net::Stream& stream_;
  const Terms& terms_;
  relay::Intake& intake_;
  policy::Authenticator& logins_;
  net::IdleSessions& idle_;

  Phase phase_ = Phase::connected;
  bool closing_ = false;
  bool starts_tls_ = false;
  std::size_t errors_ = 0;  // since the last message that was accepted
  std::size_t failed_logins_ = 0;
  relay::Origin origin_;

  // The transaction: from MAIL to the end of the message.
  mail::Envelope envelope_;
  std::vector<relay::Admitted> admitted_;
  std::size_t admitted_count_ = 0;
  std::size_t over_limit_ = 0;  // recipients put off because the envelope is full

  // The message: from DATA or the first BDAT on.
  std::unique_ptr<relay::Reception> reception_;
  mail::LineEndNormaliser line_ends_;
  std::string mended_;          // of one packet
  bool at_line_start_ = true;   // of the message so far
  std::uint64_t received_ = 0;  // octets
  bool is_chunking_ = false;
  bool is_refused_ = false;  // a chunk was refused: drop the others
};

/// The whole life of an accepted connection: implicit TLS, sessions, the farewell.
Task<> converse(net::Stream stream, std::shared_ptr<const Terms> terms, relay::Intake& intake,
                policy::Authenticator& logins, net::IdleSessions& idle);

}  // namespace postern::smtp
