// delivery/attempt/attempt.cc: one try at a delivery. Makes the message fit for each host: in 7 bit
// (RFC 6152 §3), without SMTPUTF8 (RFC 6531 §3.6).
#include "delivery/attempt/attempt.h"

#include <algorithm>
#include <utility>

#include "core/async/offload.h"
#include "core/mail/dot_stuffing.h"
#include "core/mail/encodings.h"
#include "core/mail/seven_bit.h"

namespace postern::delivery {
namespace {

constexpr std::uint64_t conversion_limit = 64 * 1024 * 1024;  // octets: done in memory

bool has_utf8_header(std::string_view message) {
  return !mail::is_ascii(message.substr(0, std::min(message.find("\r\n\r\n"), message.size())));
}

Verdict no_smtputf8() {
  return our_verdict(Verdict::Kind::failed, {5, 6, 7},
                     "The host does not take internationalised mail (SMTPUTF8)");
}

}  // namespace

Attempt::Attempt(ThreadPool& pool, Job job)
    : pool_(pool), job_(std::move(job)), verdicts_(job_.envelope.recipients.size()) {}

std::vector<std::size_t> Attempt::open_recipients() const {
  std::vector<std::size_t> open;
  for (std::size_t at = 0; at < verdicts_.size(); ++at)
    if (!verdicts_[at]) open.push_back(at);
  return open;
}

bool Attempt::is_done() const {
  return std::ranges::all_of(verdicts_, [](const auto& v) { return v.has_value(); });
}

void Attempt::settle_open(const Verdict& verdict) {
  for (auto& place : verdicts_)
    if (!place) place = verdict;
}

void Attempt::turns_to(const Target& target, const net::Address& address) {
  result_.host = target.host;
  result_.address = address.text();
  result_.tls.clear();
}

Task<> Attempt::converse(SmtpClient& client) {
  result_.tls = client.tls_text();
  auto parameters = co_await fit(client.offer());
  if (!parameters) co_return;
  const Letter letter{job_.envelope, *std::move(parameters), job_.lease_is_fresh};
  while (!is_done()) {
    co_await send_to_open(client, letter);
    reached_ = true;
    if (!client.is_reusable() && !is_done())
      throw ConnectionClosed("the connection is of no use for the other recipients");
  }
}

Task<> Attempt::send_to_open(SmtpClient& client, const Letter& letter) {
  std::vector<std::size_t> batch = open_recipients();
  if (batch.size() > SmtpClient::recipients_limit) batch.resize(SmtpClient::recipients_limit);
  const queue::Body body = converted_.value_or(job_.body);
  queue::BodyReader reader(body);
  co_await client.send(
      letter, std::move(batch),
      [this, &reader, &body] { return next_piece(reader, body.is_in_memory()); }, verdicts_);
}

Task<std::string_view> Attempt::next_piece(queue::BodyReader& reader, bool in_memory) {
  if (in_memory) co_return reader.next();
  co_return co_await offload(pool_, [&reader] { return reader.next(); });
}

/// Makes the message fit for what the host can take, and says what MAIL tells of it. None when that
/// cannot be: then all is settled.
Task<std::optional<mail::MailParameters>> Attempt::fit(const mail::Offer& offer) {
  mail::MailParameters form{.options = job_.envelope.options};
  form.options.eight_bit = is_eight_bit();
  form.options.smtputf8 = form.options.smtputf8 || has_utf8_address();
  if (mail::lacks(offer, form, mail::Otherwise::refused)) {
    if (!co_await go_without_smtputf8()) co_return std::nullopt;
    form.options.smtputf8 = false;
  }
  // What was declared as 7 bit may be more, and nobody has looked for long lines.
  const bool may_need_it =
      job_.body.size() <= conversion_limit && !offer.has(mail::Extension::eight_bit_mime);
  if (must_convert_ || may_need_it || mail::lacks(offer, form, mail::Otherwise::converted)) {
    if (!co_await make_seven_bit()) co_return std::nullopt;
  }
  if (converted_) form.options.eight_bit = false;
  form.size = converted_ ? converted_->size() : job_.body.size();
  co_return form;
}

/// A body in the spool may be: nobody has looked.
bool Attempt::is_eight_bit() const {
  return job_.envelope.options.eight_bit || job_.body.is_in_spool() ||
         (job_.body.is_in_memory() && !mail::is_ascii(job_.body.bytes()));
}

/// Settles whoever cannot be reached so. False when nobody is left.
Task<bool> Attempt::go_without_smtputf8() {
  if (co_await message_needs_smtputf8()) settle_open(no_smtputf8());
  refuse_utf8_recipients();
  co_return !is_done();
}

/// In 7 bit, if it was not already. False when that is not to be had: then all is settled.
Task<bool> Attempt::make_seven_bit() {
  if (converted_) co_return true;
  if (job_.body.size() <= conversion_limit && co_await offload(pool_, [this] { return convert(); }))
    co_return true;
  settle_open(our_verdict(Verdict::Kind::failed, {5, 6, 3},
                          "The host takes less than the message needs (8 bit, or lines over "
                          "998 octets), and it cannot be converted"));
  co_return false;
}

/// An alias may have brought one in that the client knows nothing of.
bool Attempt::has_utf8_address() const {
  return (job_.envelope.sender && job_.envelope.sender->needs_smtputf8()) ||
         std::ranges::any_of(open_recipients(), [this](std::size_t at) {
           return job_.envelope.recipients[at].address.needs_smtputf8();
         });
}

/// Whoever the recipients are. Not everything that a client sends with SMTPUTF8 needs it (RFC 6531
/// §3.6).
Task<bool> Attempt::message_needs_smtputf8() {
  if (job_.envelope.sender && job_.envelope.sender->needs_smtputf8()) co_return true;
  if (!job_.envelope.options.smtputf8) co_return false;
  queue::BodyReader reader(job_.body);
  const std::string head =
      co_await offload(pool_, [&reader] { return std::string(reader.next()); });
  co_return has_utf8_header(head);
}

void Attempt::refuse_utf8_recipients() {
  for (const std::size_t at : open_recipients())
    if (job_.envelope.recipients[at].address.needs_smtputf8()) verdicts_[at] = no_smtputf8();
}

/// In the pool. Signs again, for what was signed is no longer what goes out.
bool Attempt::convert() {
  const std::string message = job_.body.read();
  if (!mail::needs_eight_bit(message) && !mail::has_long_line(message)) return true;
  auto converted = mail::to_seven_bit(message);
  if (!converted) return false;
  if (job_.resign) converted->insert(0, job_.resign(*converted));
  converted_ = queue::Body::in_memory(std::move(*converted));
  return true;
}

void Attempt::host_failed(Verdict why) { trouble_ = std::move(why); }

void Attempt::sender_put_off(Verdict why) {
  trouble_ = std::move(why);
  reached_ = true;
}

bool Attempt::lines_are_unfit() {
  if (!std::exchange(must_convert_, true)) return true;
  settle_open(our_verdict(Verdict::Kind::failed, {5, 6, 0},
                          "The message has a line of more than 998 octets, or one that does not "
                          "end with CRLF, and cannot be converted"));
  return false;
}

void Attempt::body_is_missing() {
  result_.body_missing = true;
  settle_open(our_delay({4, 3, 0}, "The message's body is missing from the spool"));
}

void Attempt::lease_is_too_old() {
  result_.broken_off = true;
  settle_open(our_delay({4, 3, 0}, "The queue's lease is too old to go on"));
}

void Attempt::broken_off() {
  result_.broken_off = true;
  trouble_ = our_delay({4, 3, 2}, "Broken off: this gateway is stopping");
}

std::optional<Verdict> Attempt::why_unreached() const {
  return reached_ || is_done() ? std::nullopt : trouble_;
}

AttemptResult Attempt::stand_back() {
  result_.crowded = true;
  settle_open(our_delay({4, 4, 5}, "Much other mail waits for the same hosts"));
  return finish();
}

AttemptResult Attempt::finish() {
  settle_open(trouble_.value_or(our_delay({4, 4, 1}, "No host could be tried")));
  for (auto& verdict : verdicts_) result_.verdicts.push_back(std::move(*verdict));
  return std::move(result_);
}

}  // namespace postern::delivery
