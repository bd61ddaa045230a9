// delivery/smtp/smtp_client.cc: a connection to a host, from the greeting to QUIT: EHLO (RFC 5321
// §4.1.1.1), STARTTLS (RFC 3207), AUTH (RFC 4954).
#include "delivery/smtp/smtp_client.h"

#include <algorithm>
#include <utility>

#include "core/async/loop.h"
#include "core/mail/encodings.h"
#include "delivery/model/sanitise.h"

namespace postern::delivery {

ClientTimeouts ClientTimeouts::all(std::chrono::milliseconds connect,
                                   std::chrono::milliseconds each) {
  return {connect, each, each,
          each,    each, each,
          each,    each, std::min<std::chrono::milliseconds>(each, std::chrono::seconds(5))};
}

HostTrouble::HostTrouble(Verdict why, Kind kind)
    : IoError(why.reply), why_(std::move(why)), kind_(kind) {
  why_.kind = Verdict::Kind::deferred;
  // A 5xx that is said to the host, not to the mail, is no reason to give up.
  if (why_.status.klass != 4) why_.status.klass = 4;
}

LeaseTooOld::LeaseTooOld() : IoError("the queue's lease is too old to go on") {}

UnfitLines::UnfitLines() : IoError("a line that SMTP cannot carry") {}

SmtpClient::SmtpClient(Target target, ClientSettings settings, net::Stream stream)
    : target_(std::move(target)), settings_(std::move(settings)), stream_(std::move(stream)) {}

void SmtpClient::refuse(const RemoteReply& reply, std::string_view what,
                        std::optional<mail::StatusCode> why) {
  reusable_ = false;
  Verdict verdict{.status = why.value_or(reply.status()),
                  .reply = reply.words() + " (to " + std::string(what) + ")",
                  .remote_host = target_.host};
  throw HostTrouble(std::move(verdict), busy_ ? HostTrouble::Kind::busy : HostTrouble::Kind::other);
}

/// Whoever insists on TLS is refused by a policy (RFC 3463 §3.8), if the host names no reason.
void SmtpClient::refuse_tls(const RemoteReply& reply) {
  const bool names_reason = reply.status().subject != 0;
  refuse(reply, "STARTTLS", names_reason ? reply.status() : mail::StatusCode{4, 7, 4});
}

void SmtpClient::protocol_error(std::string_view what) {
  reusable_ = false;
  throw HostTrouble(our_delay(
      {4, 5, 0}, target_.host + " breaks the protocol: " + std::string(what), target_.host));
}

Task<RemoteReply> SmtpClient::read_reply(std::chrono::milliseconds limit) {
  const auto end = Loop::current().now() + limit;
  ReplyParser parser;
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(end - Loop::current().now());
    if (left.count() <= 0) throw Timeout("no complete reply in time");
    const net::Stream::Line line = co_await stream_.read_line(ReplyParser::line_limit + 2, left);
    const auto progress = line.too_long ? ReplyParser::Progress::broken : parser.feed(line.text);
    if (progress == ReplyParser::Progress::broken)
      protocol_error("not a reply: " + sanitise(line.text, 80));
    if (progress == ReplyParser::Progress::complete) break;
  }
  --unanswered_;
  // 421 to the first command after a pause means that the connection has served its time.
  const bool is_resuming = std::exchange(is_resuming_, false);
  RemoteReply reply = parser.take();
  if (reply.code == 421) {
    busy_ = !is_resuming;
    reusable_ = false;
  }
  co_return reply;
}

void SmtpClient::expect_silence() {
  if (!stream_.buffered().empty()) protocol_error("words that nobody asked for");
}

Task<RemoteReply> SmtpClient::command(std::string line, std::chrono::milliseconds limit) {
  expect_silence();
  ++unanswered_;
  co_await stream_.write(line + "\r\n");
  co_return co_await read_reply(limit);
}

bool SmtpClient::is_reusable() const {
  return reusable_ && unanswered_ == 0 && stream_.is_open() && stream_.buffered().empty();
}

Task<std::unique_ptr<SmtpClient>> SmtpClient::open(Target target, net::Address address,
                                                   bool may_encrypt, ClientSettings settings) {
  std::optional<net::Address> source;
  for (const net::Address& candidate : settings.source)
    if (!source && candidate.family() == address.family()) source = candidate.with_port(0);
  net::Stream stream = co_await net::Stream::connect(address, settings.timeouts.connect, source);
  std::unique_ptr<SmtpClient> client(
      new SmtpClient(std::move(target), std::move(settings), std::move(stream)));
  client->stream_.set_write_timeout(client->settings_.timeouts.block);
  co_await client->greet(may_encrypt);
  co_return client;
}

Task<> SmtpClient::greet(bool may_encrypt) {
  const bool must_encrypt = target_.tls >= TlsDemand::required || !target_.password.empty();
  if (target_.tls_from_start) co_await start_tls();
  const RemoteReply banner = co_await read_reply(settings_.timeouts.greeting);
  if (banner.code != 220) refuse(banner, "the connection");
  co_await hello();

  const bool wants_tls =
      !stream_.is_encrypted() && !stream_.peer().is_unix() && target_.tls != TlsDemand::off;
  if (wants_tls && offer_.has(mail::Extension::starttls) && (may_encrypt || must_encrypt)) {
    const RemoteReply reply = co_await command("STARTTLS", settings_.timeouts.command);
    if (reply.code == 220) {
      co_await start_tls();
      offer_ = {};  // what was said in the clear counts for nothing: RFC 3207 §4.2
      co_await hello();
    } else if (must_encrypt || reply.code == 421) {
      refuse_tls(reply);
    }
  }
  if (must_encrypt && !stream_.is_encrypted())
    throw HostTrouble(our_delay(
        {4, 7, 4}, "TLS is required, but " + target_.host + " does not offer it", target_.host));
  if (!target_.user.empty()) co_await log_in();
}

Task<> SmtpClient::start_tls() {
  const bool verify = target_.tls == TlsDemand::verified || !target_.password.empty();
  std::optional<std::string> failure;
  try {
    co_await stream_.start_tls_client(verify ? settings_.verified : settings_.opportunistic,
                                      target_.host, settings_.timeouts.command);
  } catch (const IoError& error) {
    failure = error.what();
  }
  if (!failure) co_return;
  reusable_ = false;
  const bool may_retry = target_.tls == TlsDemand::opportunistic && !target_.tls_from_start &&
                         target_.password.empty();
  throw HostTrouble(
      our_delay({4, 7, 5},
                "TLS handshake with " + target_.host + " failed: " + sanitise(*failure, 200),
                target_.host),
      may_retry ? HostTrouble::Kind::handshake : HostTrouble::Kind::other);
}

Task<> SmtpClient::hello() {
  const bool lmtp = target_.protocol == Protocol::lmtp;
  RemoteReply reply =
      co_await command((lmtp ? "LHLO " : "EHLO ") + settings_.hostname, settings_.timeouts.command);
  if (reply.is_positive()) {
    offer_ = mail::Offer::parse(reply.text);
    co_return;
  }
  if (lmtp || !reply.is_permanent()) refuse(reply, lmtp ? "LHLO" : "EHLO");
  reply = co_await command("HELO " + settings_.hostname, settings_.timeouts.command);
  if (!reply.is_positive()) refuse(reply, "HELO");
}

Task<> SmtpClient::log_in() {
  RemoteReply reply;
  if (offer_.lists(mail::Extension::auth, "PLAIN")) {
    const std::string secret =
        std::string(1, '\0') + target_.user + std::string(1, '\0') + target_.password;
    reply =
        co_await command("AUTH PLAIN " + mail::base64_encode(secret), settings_.timeouts.command);
  } else if (offer_.lists(mail::Extension::auth, "LOGIN")) {
    reply = co_await command("AUTH LOGIN", settings_.timeouts.command);
    if (reply.code == 334)
      reply = co_await command(mail::base64_encode(target_.user), settings_.timeouts.command);
    if (reply.code == 334)
      reply = co_await command(mail::base64_encode(target_.password), settings_.timeouts.command);
  } else {
    throw HostTrouble(our_delay(
        {4, 7, 0}, target_.host + " offers neither AUTH PLAIN nor AUTH LOGIN", target_.host));
  }
  if (!reply.is_positive()) refuse(reply, "AUTH");
}

Task<> SmtpClient::quit() {
  if (is_reusable()) {
    try {
      co_await command("QUIT", settings_.timeouts.quit);
    } catch (const IoError&) {  // what was delivered stays delivered
    }
  }
  stream_.close();
}

std::string SmtpClient::tls_text() const {
  if (!stream_.is_encrypted()) return {};
  const net::TlsInfo info = stream_.tls();
  return info.version + " " + info.cipher + (info.verified ? " verified" : "");
}

}  // namespace postern::delivery
