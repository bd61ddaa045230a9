// delivery/smtp/smtp_transaction.cc: one message over a connection, MAIL to the reply to its dot
// (RFC 5321 §3.3, RFC 2920).
#include <algorithm>
#include <utility>

#include "core/mail/dot_stuffing.h"
#include "core/mail/esmtp.h"
#include "delivery/model/sanitise.h"
#include "delivery/smtp/smtp_client.h"

namespace postern::delivery {
namespace {

constexpr std::size_t last_write = 16 * 1024;  // octets that a socket takes at once

std::string mail_command(const Letter& letter, const mail::Offer& offer) {
  return "MAIL FROM:" + mail::path_text(letter.envelope.sender) +
         mail::write_parameters(letter.parameters, offer) + "\r\n";
}

std::string recipient_command(const mail::Recipient& recipient, const mail::Offer& offer) {
  return "RCPT TO:<" + recipient.address.text() + ">" + mail::write_parameters(recipient, offer) +
         "\r\n";
}

}  // namespace

class SmtpClient::Transaction {
 public:
  Transaction(SmtpClient& client, const Letter& letter, std::vector<std::size_t> batch,
              std::vector<std::optional<Verdict>>& verdicts)
      : client_(client),
        letter_(letter),
        batch_(std::move(batch)),
        verdicts_(verdicts),
        is_pipelined_(client.offer_.has(mail::Extension::pipelining)) {}

  Task<> run(const PieceReader& next_piece);

 private:
  Task<> go_on(const PieceReader& next_piece);
  Task<> prepare();
  Task<> ask(std::string command);
  Task<> send_envelope();
  Task<> hear_mail();
  Task<> hear_recipients();
  Task<bool> hear_data();
  Task<> send_body(const PieceReader& next_piece);
  Task<> send_dot();
  Task<> hear_dot();
  Task<> read_dot_replies();
  bool has_no_room(const RemoteReply& reply) const;
  Verdict verdict(const RemoteReply& reply, Verdict::Kind success = Verdict::Kind::relayed) const;

  SmtpClient& client_;
  const Letter& letter_;
  const std::vector<std::size_t> batch_;
  std::vector<std::optional<Verdict>>& verdicts_;
  const bool is_pipelined_;
  bool sender_taken_ = false;
  std::optional<Verdict> put_off_;  // the sender, for now
  std::vector<std::size_t> accepted_;
  mail::DotEncoder encoder_;
  std::string wire_;  // of the body, not yet written
};

Task<> SmtpClient::send(const Letter& letter, std::vector<std::size_t> batch,
                        PieceReader next_piece, std::vector<std::optional<Verdict>>& verdicts) {
  is_resuming_ = sent_++ > 0;
  Transaction transaction(*this, letter, std::move(batch), verdicts);
  co_await transaction.run(next_piece);
}

Task<> SmtpClient::Transaction::run(const PieceReader& next_piece) {
  co_await prepare();
  co_await send_envelope();
  co_await hear_mail();
  try {
    if (sender_taken_ || is_pipelined_) co_await go_on(next_piece);
  } catch (const IoError&) {
    if (!put_off_) throw;
    client_.reusable_ = false;
  }
  // The next host may take it: RFC 5321 §5.1.
  if (put_off_) throw HostTrouble(std::move(*put_off_), HostTrouble::Kind::sender);
}

/// What comes after MAIL; when it was refused, the replies to what was sent with it.
Task<> SmtpClient::Transaction::go_on(const PieceReader& next_piece) {
  co_await hear_recipients();
  if (accepted_.empty() && !is_pipelined_) co_return;
  if (!is_pipelined_) co_await ask("DATA\r\n");
  if (!co_await hear_data()) co_return;
  if (accepted_.empty()) {  // it wants a message that nobody gets: RFC 2920 §3.1
    if (client_.target_.protocol == Protocol::lmtp) {  // one reply for each of none: RFC 2033 §4.2
      co_await client_.stream_.write(".\r\n");
    } else {
      co_await client_.command(".", client_.settings_.timeouts.dot);
    }
    co_return;
  }
  co_await send_body(next_piece);
  co_await send_dot();
  co_await hear_dot();
}

Task<> SmtpClient::Transaction::prepare() {
  if (std::exchange(client_.needs_reset_, false)) {
    const RemoteReply reply = co_await client_.command("RSET", client_.settings_.timeouts.command);
    if (!reply.is_positive()) client_.refuse(reply, "RSET");
  }
  client_.expect_silence();
  if (!letter_.lease_is_fresh()) throw LeaseTooOld();
  client_.needs_reset_ = true;
}

/// One command whose reply is read later.
Task<> SmtpClient::Transaction::ask(std::string command) {
  ++client_.unanswered_;
  co_await client_.stream_.write(command);
}

Task<> SmtpClient::Transaction::send_envelope() {
  std::string commands = mail_command(letter_, client_.offer_);
  if (is_pipelined_) {
    for (const std::size_t index : batch_)
      commands += recipient_command(letter_.envelope.recipients[index], client_.offer_);
    commands += "DATA\r\n";
    client_.unanswered_ += batch_.size() + 1;
  }
  co_await ask(std::move(commands));
}

Task<> SmtpClient::Transaction::hear_mail() {
  const RemoteReply reply = co_await client_.read_reply(client_.settings_.timeouts.mail);
  if (reply.code == 421) client_.refuse(reply, "MAIL");
  if (reply.code / 100 == 3) client_.protocol_error("a 3xx to MAIL");
  sender_taken_ = reply.is_positive();
  if (sender_taken_) co_return;
  if (reply.is_temporary()) {
    put_off_ = verdict(reply);
    co_return;
  }
  for (const std::size_t index : batch_) verdicts_[index] = verdict(reply);
}

Task<> SmtpClient::Transaction::hear_recipients() {
  std::vector<std::size_t> no_room;
  RemoteReply last_no_room;
  for (const std::size_t index : batch_) {
    if (!is_pipelined_)
      co_await ask(recipient_command(letter_.envelope.recipients[index], client_.offer_));
    RemoteReply reply = co_await client_.read_reply(client_.settings_.timeouts.recipient);
    if (reply.code == 421 && sender_taken_) client_.refuse(reply, "RCPT");
    if (reply.code / 100 == 3) client_.protocol_error("a 3xx to RCPT");
    if (!sender_taken_) continue;
    if (reply.is_positive()) {
      accepted_.push_back(index);
    } else if (has_no_room(reply)) {
      no_room.push_back(index);
      last_no_room = std::move(reply);
    } else {
      verdicts_[index] = verdict(reply);
    }
  }
  if (!accepted_.empty()) co_return;  // those without room stay open: they go next, at once
  for (const std::size_t index : no_room) verdicts_[index] = verdict(last_no_room);
}

/// Too many for one transaction (RFC 5321 §4.5.3.1.10). Old servers say 552, which can only mean
/// that once others were taken; a status that blames the mailbox or the size means what it says.
bool SmtpClient::Transaction::has_no_room(const RemoteReply& reply) const {
  if (reply.code == 452) return true;
  const mail::StatusCode status = reply.status();
  return reply.code == 552 && !accepted_.empty() && (status.subject == 0 || status.subject == 5);
}

/// True when the host wants the message.
Task<bool> SmtpClient::Transaction::hear_data() {
  const RemoteReply reply = co_await client_.read_reply(client_.settings_.timeouts.data);
  if (reply.is_positive()) client_.protocol_error("a 2xx to DATA");
  if (reply.code == 421 && !accepted_.empty()) client_.refuse(reply, "DATA");
  if (reply.code == 354) co_return true;
  if (reply.code / 100 == 3) client_.protocol_error("a strange reply to DATA");
  for (const std::size_t index : accepted_) verdicts_[index] = verdict(reply);
  co_return false;
}

Task<> SmtpClient::Transaction::send_body(const PieceReader& next_piece) {
  client_.expect_silence();
  // From the 354 on the host owes the reply to the message: of LMTP, one for each recipient.
  client_.unanswered_ += client_.target_.protocol == Protocol::lmtp ? accepted_.size() : 1;
  net::Stream& stream = client_.stream_;
  mail::LineCheck lines;
  bool is_unfit = false;
  for (std::string_view piece = co_await next_piece(); !piece.empty();) {
    // Never mended here: what is stored is clean, and signed as it is.
    is_unfit = !lines.update(piece);
    if (is_unfit) break;
    encoder_.encode(piece, wire_);
    piece = co_await next_piece();
    // The last piece, if it is small, goes with the dot in one write.
    if (!piece.empty() || wire_.size() > last_write)
      co_await stream.write(std::exchange(wire_, {}));
  }
  is_unfit = is_unfit || !lines.finish();
  if (is_unfit) {
    stream.close();  // no dot, no message
    throw UnfitLines();
  }
  if (stream.unsent() > 0) co_await stream.flush(client_.settings_.timeouts.block);
  if (!stream.buffered().empty()) client_.protocol_error("a reply before the end of the message");
}

/// The point of no return.
Task<> SmtpClient::Transaction::send_dot() {
  if (!letter_.lease_is_fresh()) {
    client_.stream_.close();
    throw LeaseTooOld();
  }
  encoder_.finish(wire_);
  co_await client_.stream_.write(std::move(wire_));
}

/// From here on the host may have it: whatever breaks now, nobody else gets it in this attempt.
Task<> SmtpClient::Transaction::hear_dot() {
  std::optional<Verdict> trouble;
  bool cancelled = false;
  try {
    co_await read_dot_replies();
  } catch (const HostTrouble& error) {
    trouble = error.why();
  } catch (const IoError& error) {
    trouble =
        our_delay({4, 4, 2}, "After the message, before its reply: " + sanitise(error.what(), 200),
                  client_.target_.host);
  } catch (const Cancelled&) {
    trouble = our_delay({4, 4, 2}, "After the message, before its reply: broken off",
                        client_.target_.host);
    cancelled = true;
  }
  if (!trouble) {
    client_.needs_reset_ = false;
    co_return;
  }
  client_.reusable_ = false;
  client_.uncertain_ = true;
  for (const std::size_t index : accepted_)
    if (!verdicts_[index]) verdicts_[index] = *trouble;
  if (cancelled) throw Cancelled();
}

Task<> SmtpClient::Transaction::read_dot_replies() {
  const bool is_lmtp = client_.target_.protocol == Protocol::lmtp;
  const auto success = client_.offer_.has(mail::Extension::dsn) ? Verdict::Kind::transferred
                       : is_lmtp                                ? Verdict::Kind::delivered
                                                                : Verdict::Kind::relayed;
  RemoteReply reply;
  for (std::size_t at = 0; at < accepted_.size(); ++at) {
    if (at == 0 || is_lmtp) {  // LMTP answers for each recipient: RFC 2033 §4.2
      reply = co_await client_.read_reply(client_.settings_.timeouts.dot);
      if (reply.code / 100 == 3) client_.protocol_error("a 3xx to the message");
    }
    verdicts_[accepted_[at]] = verdict(reply, success);
  }
}

Verdict SmtpClient::Transaction::verdict(const RemoteReply& reply, Verdict::Kind success) const {
  const auto kind = reply.is_positive()    ? success
                    : reply.is_permanent() ? Verdict::Kind::failed
                                           : Verdict::Kind::deferred;
  return {.kind = kind,
          .status = reply.status(),
          .reply = reply.words(),
          .remote_host = client_.target_.host};
}

}  // namespace postern::delivery
