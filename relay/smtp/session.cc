// relay/smtp/session.cc: one SMTP conversation, greeting to QUIT (RFC 5321 §3, RFC 6409, RFC 2033).
#include "relay/smtp/session.h"

#include "core/log.h"
#include "relay/smtp/replies.h"

namespace postern::smtp {
namespace {

constexpr std::size_t longest_line = 12'288;  // of AUTH: RFC 4954 §4, item 6
constexpr std::size_t longest_command =
    2'048;  // of all others: over twice what RFC 5321 §4.5.3.1.4 and extensions ask
constexpr std::chrono::seconds farewell{10};
constexpr std::chrono::seconds farewell_at_shutdown{1};

}  // namespace

const Session::Verb* Session::find_verb(std::string_view word) {
  constexpr Doors all{true, true, true}, smtp_only{true, true, false},
      lmtp_only{false, false, true};
  constexpr Doors submission_only{false, true, false};
  // clang-format off
  static constexpr std::array verbs{
      //   word        earliest            doors            encrypted     handler
      Verb{"EHLO",     Phase::connected,   smtp_only,       Tls::either,  &Session::ehlo},
      Verb{"HELO",     Phase::connected,   smtp_only,       Tls::either,  &Session::helo},
      Verb{"LHLO",     Phase::connected,   lmtp_only,       Tls::either,  &Session::lhlo},  // RFC 2033 §4.1
      Verb{"STARTTLS", Phase::greeted,     all,             Tls::never,   &Session::starttls},
      Verb{"AUTH",     Phase::greeted,     submission_only, Tls::either,  &Session::auth},  // RFC 4954 §4
      Verb{"MAIL",     Phase::ready,       all,             Tls::either,  &Session::mail},
      Verb{"RCPT",     Phase::sender,      all,             Tls::either,  &Session::rcpt},
      Verb{"DATA",     Phase::recipients,  all,             Tls::either,  &Session::data},
      Verb{"BDAT",     Phase::connected,   all,             Tls::either,  &Session::bdat},  // its octets follow whatever we say
      Verb{"RSET",     Phase::connected,   all,             Tls::either,  &Session::rset},
      Verb{"NOOP",     Phase::connected,   all,             Tls::either,  &Session::noop},
      Verb{"VRFY",     Phase::connected,   all,             Tls::either,  &Session::vrfy},
      Verb{"EXPN",     Phase::connected,   all,             Tls::either,  &Session::expn},
      Verb{"HELP",     Phase::connected,   all,             Tls::either,  &Session::help},
      Verb{"QUIT",     Phase::connected,   all,             Tls::either,  &Session::quit},
  };
  // clang-format on
  const auto verb = std::ranges::find(verbs, word, &Verb::word);
  return verb == verbs.end() ? nullptr : &*verb;
}

Session::Session(net::Stream& stream, const Terms& terms, relay::Intake& intake,
                 policy::Authenticator& logins, net::IdleSessions& idle)
    : stream_(stream), terms_(terms), intake_(intake), logins_(logins), idle_(idle) {
  origin_.door = terms.door;
  origin_.peer = stream.peer();
  if (stream.is_encrypted()) {
    const net::TlsInfo info = stream.tls();
    origin_.tls = info.version + " with cipher " + info.cipher;
  }
}

Task<Session::Ending> Session::serve(bool greets) {
  if (greets) {
    const Reply& greeting =
        terms_.door == relay::Door::lmtp ? reply::greeting_lmtp : reply::greeting;
    co_await send(greeting.with(terms_.hostname));
  }
  while (!closing_) {
    bool is_too_long = false;
    const std::string text = co_await next_line(is_too_long);
    const Request request(text);
    const Answer answer = is_too_long ? Answer(reply::line_too_long) : co_await obey(request);
    co_await send(answer);
    if (answer.code == 421) closing_ = true;
    // The octets behind such a line must not become commands, and how many they are is not known.
    if (is_too_long && request.word() == "BDAT") closing_ = true;
    if (idle_.is_closing() && !closing_) {
      co_await send(reply::closing);
      closing_ = true;
    }
    if (is_fault(request, answer) && ++errors_ >= faults_allowed() && !closing_) {
      co_await send(reply::too_many_errors);
      closing_ = true;
    }
  }
  co_return starts_tls_ ? Ending::start_tls : Ending::over;
}

/// Who is told to bring a recipient later has done nothing wrong: RFC 5321 §4.5.3.1.10. But nobody
/// may ask for ever.
bool Session::is_fault(const Request& request, const Answer& answer) const {
  if (!answer.is_error()) return false;
  const bool is_put_off = request.word() == "RCPT" && answer.code < 500;
  return !is_put_off || over_limit_ > terms_.overshoot;
}

std::size_t Session::faults_allowed() const {
  return origin_.account || terms_.is_trusted ? terms_.errors_of_known : terms_.errors;
}

/// A line of its own, for the view dies with the next read, and handlers read.
Task<std::string> Session::next_line(bool& is_too_long) {
  const net::IdleSessions::Mark mark(idle_, stream_);
  const net::Stream::Line line = co_await stream_.read_line(longest_line, terms_.command_timeout);
  std::string text(line.text);
  is_too_long = line.too_long || (text.size() > longest_command && Request(text).word() != "AUTH");
  co_return text;
}

Task<Answer> Session::obey(const Request& request) {
  if (!may_go_on()) co_return reply::login_ended;
  const Verb* verb = find_verb(request.word());
  if (verb == nullptr) co_return reply::unknown;
  if (!is_at_door(verb->doors)) co_return reply::not_here;
  if (phase_ < verb->earliest) co_return missing();
  if (verb->encrypted == Tls::never && stream_.is_encrypted()) co_return reply::already_tls;
  co_return co_await (this->*verb->handler)(request.arguments());
}

/// The account may have been disabled or removed, or its password changed, while they talk.
bool Session::may_go_on() const {
  return !origin_.account || logins_.is_live(origin_.account->credential);
}

bool Session::is_at_door(const Doors& doors) const {
  switch (terms_.door) {
    case relay::Door::mx:
      return doors.mx;
    case relay::Door::submission:
      return doors.submission;
    case relay::Door::lmtp:
      return doors.lmtp;
  }
  return false;
}

Answer Session::missing() const {
  switch (phase_) {
    case Phase::connected:
      return reply::hello_first.with(terms_.door == relay::Door::lmtp ? "LHLO" : "EHLO");
    case Phase::greeted: {
      const bool needs_tls = net::needs_tls_first(terms_.tls, stream_.is_encrypted());
      return needs_tls ? reply::tls_first : reply::login_first;
    }
    case Phase::ready:
      return reply::mail_first;
    case Phase::sender:
    case Phase::recipients:
      return reply::rcpt_first;
  }
  return reply::out_of_order;
}

Task<> Session::send(const Answer& answer) { co_await stream_.write(answer.wire()); }

void Session::reset() {
  envelope_ = {};
  admitted_.clear();
  admitted_count_ = 0;
  over_limit_ = 0;
  reception_.reset();
  line_ends_ = {};
  at_line_start_ = true;
  received_ = 0;
  is_chunking_ = false;
  is_refused_ = false;
  if (phase_ > Phase::ready) phase_ = Phase::ready;
}

namespace {

Task<> shake_hands(net::Stream& stream, const Terms& terms, net::IdleSessions& idle) {
  const net::IdleSessions::Mark mark(idle, stream);
  co_await stream.start_tls_server(terms.context, terms.command_timeout);
}

Task<> run_sessions(net::Stream& stream, const Terms& terms, relay::Intake& intake,
                    policy::Authenticator& logins, net::IdleSessions& idle) {
  if (terms.implicit_tls) co_await shake_hands(stream, terms, idle);
  bool greets = true;
  for (;;) {
    Session session(stream, terms, intake, logins, idle);
    if (co_await session.serve(greets) == Session::Ending::over) break;
    co_await stream.flush(farewell);
    co_await shake_hands(stream, terms, idle);
    greets = false;
  }
  co_await stream.shutdown(idle.is_closing() ? farewell_at_shutdown : farewell);
}

Task<> say_and_close(net::Stream& stream, Answer answer, std::chrono::seconds limit) {
  try {
    co_await stream.write(answer.wire());
    co_await stream.shutdown(limit);
  } catch (const IoError&) {  // it was a courtesy
  }
}

}  // namespace

Task<> converse(net::Stream stream, std::shared_ptr<const Terms> terms, relay::Intake& intake,
                policy::Authenticator& logins, net::IdleSessions& idle) {
  std::optional<Answer> last_words;
  try {
    co_await run_sessions(stream, *terms, intake, logins, idle);
  } catch (const Interrupted&) {
    last_words = reply::closing;
  } catch (const Timeout&) {
    last_words = reply::idle;
  } catch (const ConnectionClosed&) {  // the usual way of those in a hurry
  } catch (const IoError& error) {
    log::warn("session_failed", {{"peer", stream.peer().text()}, {"error", error.what()}});
    last_words = reply::trouble;
  }
  if (!last_words) co_return;
  co_await say_and_close(stream, std::move(*last_words),
                         idle.is_closing() ? farewell_at_shutdown : farewell);
}

}  // namespace postern::smtp
