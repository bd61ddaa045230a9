#include "delivery/smtp_client.h"

#include <algorithm>
#include <utility>

#include "core/async/loop.h"
#include "core/mail/dot_stuffing.h"
#include "core/mail/encodings.h"
#include "delivery/dsn.h"

namespace postern::delivery {
namespace {

Verdict ours(mail::StatusCode status, std::string text, std::string host) {
  return {.kind = Verdict::Kind::deferred,
          .status = status,
          .reply = std::move(text),
          .is_ours = true,
          .remote_host = std::move(host)};
}

}  // namespace

ClientTimeouts ClientTimeouts::all(std::chrono::milliseconds connect,
                                   std::chrono::milliseconds each) {
  return {connect, each, each,
          each,    each, each,
          each,    each, std::min<std::chrono::milliseconds>(each, std::chrono::seconds(5))};
}

HostTrouble::HostTrouble(Verdict why, bool handshake_failed, bool is_busy)
    : IoError(why.reply),
      why_(std::move(why)),
      handshake_failed_(handshake_failed),
      is_busy_(is_busy) {
  why_.kind = Verdict::Kind::deferred;
  // A 5xx that is said to the host, not to the mail, is no reason to give up.
  if (why_.status.klass != 4) why_.status.klass = 4;
}

SmtpClient::SmtpClient(Target target, ClientSettings settings, net::Stream stream)
    : target_(std::move(target)), settings_(std::move(settings)), stream_(std::move(stream)) {}

void SmtpClient::refuse(const RemoteReply& reply, std::string_view what) {
  reusable_ = false;
  // Whoever insists on TLS is refused by a policy: RFC 3463 §3.8.
  const bool is_policy = what == "STARTTLS" && reply.status().subject == 0;
  Verdict why{.status = is_policy ? mail::StatusCode{4, 7, 4} : reply.status(),
              .reply = reply.words() + " (to " + std::string(what) + ")",
              .remote_host = target_.host};
  throw HostTrouble(std::move(why), false, reply.code == 421);
}

void SmtpClient::protocol_error(std::string_view what) {
  reusable_ = false;
  throw HostTrouble(
      ours({4, 5, 0}, target_.host + " breaks the protocol: " + std::string(what), target_.host));
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
  RemoteReply reply = parser.take();
  if (reply.code == 421) {
    busy_ = true;
    reusable_ = false;
  }
  co_return reply;
}

Task<RemoteReply> SmtpClient::command(std::string line, std::chrono::milliseconds limit) {
  co_await stream_.write(line + "\r\n");
  co_return co_await read_reply(limit);
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
  if (wants_tls && extensions_.starttls && (may_encrypt || must_encrypt)) {
    const RemoteReply reply = co_await command("STARTTLS", settings_.timeouts.command);
    if (reply.code == 220) {
      co_await start_tls();
      extensions_ = {};  // what was said in the clear counts for nothing: RFC 3207 §4.2
      co_await hello();
    } else if (must_encrypt || reply.code == 421) {
      refuse(reply, "STARTTLS");
    }
  }
  if (must_encrypt && !stream_.is_encrypted())
    throw HostTrouble(ours({4, 7, 4}, "TLS is required, but " + target_.host + " does not offer it",
                           target_.host));
  if (!target_.user.empty()) co_await log_in();
}

Task<> SmtpClient::start_tls() {
  const bool verify = target_.tls == TlsDemand::verified || !target_.password.empty();
  std::string failure;
  try {
    co_await stream_.start_tls_client(verify ? settings_.verified : settings_.opportunistic,
                                      target_.host, settings_.timeouts.command);
  } catch (const IoError& error) {
    failure = error.what();
  }
  if (failure.empty()) co_return;
  reusable_ = false;
  const bool may_retry = target_.tls == TlsDemand::opportunistic && !target_.tls_from_start &&
                         target_.password.empty();
  throw HostTrouble(
      ours({4, 7, 5}, "TLS handshake with " + target_.host + " failed: " + sanitise(failure, 200),
           target_.host),
      may_retry);
}

Task<> SmtpClient::hello() {
  const bool lmtp = target_.protocol == Protocol::lmtp;
  RemoteReply reply =
      co_await command((lmtp ? "LHLO " : "EHLO ") + settings_.hostname, settings_.timeouts.command);
  if (reply.is_positive()) {
    extensions_ = parse_extensions(reply.text);
    co_return;
  }
  if (lmtp || !reply.is_permanent()) refuse(reply, lmtp ? "LHLO" : "EHLO");
  reply = co_await command("HELO " + settings_.hostname, settings_.timeouts.command);
  if (!reply.is_positive()) refuse(reply, "HELO");
}

Task<> SmtpClient::log_in() {
  RemoteReply reply;
  if (extensions_.auth_plain) {
    const std::string secret =
        std::string(1, '\0') + target_.user + std::string(1, '\0') + target_.password;
    reply =
        co_await command("AUTH PLAIN " + mail::base64_encode(secret), settings_.timeouts.command);
  } else if (extensions_.auth_login) {
    reply = co_await command("AUTH LOGIN", settings_.timeouts.command);
    if (reply.code == 334)
      reply = co_await command(mail::base64_encode(target_.user), settings_.timeouts.command);
    if (reply.code == 334)
      reply = co_await command(mail::base64_encode(target_.password), settings_.timeouts.command);
  } else {
    throw HostTrouble(
        ours({4, 7, 0}, target_.host + " offers neither AUTH PLAIN nor AUTH LOGIN", target_.host));
  }
  if (!reply.is_positive()) refuse(reply, "AUTH");
}

std::string SmtpClient::mail_command(const Letter& letter) const {
  std::string line = "MAIL FROM:" + mail::path_text(letter.sender);
  if (extensions_.size && letter.size > 0) line += " SIZE=" + std::to_string(letter.size);
  if (extensions_.eight_bit_mime && letter.eight_bit) line += " BODY=8BITMIME";
  if (extensions_.smtputf8 && letter.smtputf8) line += " SMTPUTF8";
  if (extensions_.dsn && letter.ret != mail::Ret::unset)
    line += " RET=" + std::string(mail::ret_text(letter.ret));
  if (extensions_.dsn && !letter.envid.empty())
    line += " ENVID=" + mail::xtext_encode(letter.envid);
  return line;
}

std::string SmtpClient::recipient_command(const mail::Recipient& recipient) const {
  std::string line = "RCPT TO:<" + recipient.address.text() + ">";
  if (extensions_.dsn && recipient.notify.set)
    line += " NOTIFY=" + mail::notify_text(recipient.notify);
  if (extensions_.dsn && !recipient.orcpt.empty())
    line += " ORCPT=" + mail::orcpt_text(recipient.orcpt);
  return line;
}

Verdict SmtpClient::verdict(const RemoteReply& reply, Verdict::Kind success,
                            const mail::Recipient*) const {
  const auto kind = reply.is_positive()    ? success
                    : reply.is_permanent() ? Verdict::Kind::failed
                                           : Verdict::Kind::deferred;
  return {
      .kind = kind, .status = reply.status(), .reply = reply.words(), .remote_host = target_.host};
}

Task<> SmtpClient::send(const Letter& letter, std::vector<std::size_t> batch,
                        PieceReader next_piece, std::vector<std::optional<Verdict>>& verdicts) {
  ++sent_;
  if (std::exchange(needs_reset_, false)) {
    const RemoteReply reply = co_await command("RSET", settings_.timeouts.command);
    if (!reply.is_positive()) refuse(reply, "RSET");
  }
  if (!letter.lease_is_fresh())
    throw HostTrouble(ours({4, 3, 0}, "The queue's lease is too old to go on", {}));
  needs_reset_ = true;

  const bool pipelined = extensions_.pipelining;
  std::string commands = mail_command(letter) + "\r\n";
  if (pipelined) {
    for (const std::size_t index : batch)
      commands += recipient_command(letter.recipients[index]) + "\r\n";
    commands += "DATA\r\n";
  }
  co_await stream_.write(commands);

  const RemoteReply sender = co_await read_reply(settings_.timeouts.mail);
  if (sender.code == 421) refuse(sender, "MAIL");
  if (sender.code / 100 == 3) protocol_error("a 3xx to MAIL");
  if (!sender.is_positive()) {
    for (const std::size_t index : batch) verdicts[index] = verdict(sender, Verdict::Kind::relayed);
    if (!pipelined) co_return;
  }

  std::vector<std::size_t> accepted, no_room;
  RemoteReply last_no_room;
  for (const std::size_t index : batch) {
    if (!pipelined) co_await stream_.write(recipient_command(letter.recipients[index]) + "\r\n");
    const RemoteReply reply = co_await read_reply(settings_.timeouts.recipient);
    if (reply.code == 421 && sender.is_positive()) refuse(reply, "RCPT");
    if (reply.code / 100 == 3) protocol_error("a 3xx to RCPT");
    if (!sender.is_positive()) continue;
    if (reply.is_positive()) {
      accepted.push_back(index);
    } else if (reply.code == 452 ||
               reply.code == 552) {  // too many recipients: RFC 5321 §4.5.3.1.10
      no_room.push_back(index);
      last_no_room = reply;
    } else {
      verdicts[index] = verdict(reply, Verdict::Kind::relayed);
    }
  }
  if (accepted.empty()) {
    for (const std::size_t index : no_room) {
      verdicts[index] = verdict(last_no_room, Verdict::Kind::relayed);
      verdicts[index]->kind = Verdict::Kind::deferred;
      verdicts[index]->status.klass = 4;
    }
  }
  if (accepted.empty() && !pipelined) co_return;
  if (!pipelined) co_await stream_.write("DATA\r\n");

  const RemoteReply data = co_await read_reply(settings_.timeouts.data);
  if (data.is_positive()) protocol_error("a 2xx to DATA");
  if (data.code == 421 && !accepted.empty()) refuse(data, "DATA");
  if (data.code / 100 != 3) {
    for (const std::size_t index : accepted)
      verdicts[index] = verdict(data, Verdict::Kind::relayed);
    co_return;
  }
  if (data.code != 354) protocol_error("a strange reply to DATA");
  if (accepted.empty()) {  // it wants a message that nobody gets: RFC 2920 §3.1
    co_await command(".", settings_.timeouts.dot);
    co_return;
  }
  co_await send_body(letter, next_piece);
  // From here on the host may have it.
  std::optional<std::string> broken;
  std::optional<Verdict> trouble;
  bool cancelled = false;
  try {
    co_await read_dot_replies(accepted, verdicts);
  } catch (const HostTrouble& error) {
    trouble = error.why();
  } catch (const IoError& error) {
    broken = error.what();
  } catch (const Cancelled&) {
    cancelled = true;
  }
  if (!broken && !trouble && !cancelled) {
    needs_reset_ = false;
    co_return;
  }
  reusable_ = false;
  uncertain_ = true;
  for (const std::size_t index : accepted)
    if (!verdicts[index])
      verdicts[index] = trouble ? *trouble
                                : ours({4, 4, 2},
                                       "After the message, before its reply: " +
                                           sanitise(broken.value_or("broken off"), 200),
                                       target_.host);
  if (cancelled) throw Cancelled();
}

Task<> SmtpClient::send_body(const Letter& letter, const PieceReader& next_piece) {
  if (!stream_.buffered().empty()) protocol_error("words that nobody asked for");
  mail::DotEncoder encoder;
  std::string wire;
  for (;;) {
    const std::string_view piece = co_await next_piece();
    if (piece.empty()) break;
    wire.clear();
    encoder.encode(piece, wire);
    co_await stream_.write(wire);
  }
  co_await stream_.flush(settings_.timeouts.block);
  if (!stream_.buffered().empty()) protocol_error("a reply before the end of the message");
  if (!letter.lease_is_fresh()) {
    stream_.close();  // no dot, no message
    reusable_ = false;
    throw HostTrouble(ours({4, 3, 0}, "The queue's lease grew too old during the message", {}));
  }
  wire.clear();
  encoder.finish(wire);
  co_await stream_.write(wire);
}

Task<> SmtpClient::read_dot_replies(const std::vector<std::size_t>& accepted,
                                    std::vector<std::optional<Verdict>>& verdicts) {
  const bool lmtp = target_.protocol == Protocol::lmtp;
  const auto success = lmtp              ? Verdict::Kind::delivered
                       : extensions_.dsn ? Verdict::Kind::transferred
                                         : Verdict::Kind::relayed;
  RemoteReply reply;
  for (std::size_t at = 0; at < accepted.size(); ++at) {
    if (at == 0 || lmtp) {
      reply = co_await read_reply(settings_.timeouts.dot);
      if (reply.code / 100 == 3) protocol_error("a 3xx to the message");
    }
    verdicts[accepted[at]] = verdict(reply, success);
  }
}

Task<> SmtpClient::quit() {
  if (stream_.is_open() && reusable_) {
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
