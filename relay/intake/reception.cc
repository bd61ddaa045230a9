// relay/intake/reception.cc: what happens to a message between its first octet and our 250.
#include "relay/intake/reception.h"

#include <unordered_set>

#include "core/log.h"
#include "core/mail/compose.h"
#include "core/mail/headers.h"
#include "policy/sender_identity.h"
#include "relay/config/config.h"
#include "relay/intake/trace.h"
#include "relay/smtp/replies.h"

namespace postern::relay {
namespace {

namespace reply = smtp::reply;
using smtp::Answer;

/// Where the header ends: behind its empty line. `from` is where to begin to look.
std::optional<std::size_t> end_of_header(std::string_view text, std::size_t from) {
  if (text.starts_with("\r\n")) return 2;
  const std::size_t end = text.find("\r\n\r\n", from < 3 ? 0 : from - 3);
  if (end == text.npos) return {};
  return end + 4;
}

std::string without_controls(std::string text, std::size_t most) {
  if (text.size() > most) text.resize(most);
  std::ranges::replace_if(text, [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return text;
}

}  // namespace

MailReception::MailReception(const IntakeParts& parts, std::shared_ptr<const Snapshot> snapshot,
                             Origin origin, mail::Envelope envelope, std::vector<Admitted> admitted,
                             Once once)
    : parts_(parts),
      snapshot_(std::move(snapshot)),
      origin_(std::move(origin)),
      envelope_(std::move(envelope)),
      admitted_(std::move(admitted)),
      once_(std::move(once)),
      id_(queue::make_queue_id(std::chrono::system_clock::now())),
      now_(std::chrono::system_clock::now()),
      keeper_(parts.spool, id_) {}

Task<> MailReception::write(std::string_view octets) {
  if (refusal_) co_return;
  if (!header_ended_) {
    const std::size_t before = header_.size();
    header_ += octets;
    const auto end = end_of_header(header_, before);
    if (!end && header_.size() > mail::header_size_limit) {
      refusal_ = reply::bad_message.with("its header is too long");
      header_.clear();
    }
    if (!end) co_return;
    const std::string rest = header_.substr(*end);
    header_.resize(*end);
    co_await end_header();
    if (!refusal_ && !rest.empty()) co_await write(rest);
    co_return;
  }
  if (hasher_) hasher_->update(octets);
  co_await keep(octets);
}

/// A disk that takes no more refuses the message, not the session: the rest of it is read and
/// dropped.
Task<> MailReception::keep(std::string_view octets) {
  try {
    co_await keeper_.write(octets);
    co_return;
  } catch (const IoError& error) {
    log::error("spool_failed", {{"id", queue::text(id_)}, {"error", error.what()}});
  }
  refusal_ = reply::queue_full;
  keeper_.drop();
}

/// Everything that the header decides: refusals, completion, who signs, what stands on top.
Task<> MailReception::end_header() {
  header_ended_ = true;
  const auto header = mail::HeaderBlock::parse(header_);
  refusal_ = check_header(header);
  if (!refusal_) refusal_ = co_await check_identity();
  if (refusal_) co_return;
  const auto now = std::chrono::floor<std::chrono::seconds>(now_);
  const auto& config = *snapshot_->config;
  message_id_ = without_controls(header.value("Message-ID").value_or(""), 998);
  subject_ = without_controls(header.value("Subject").value_or(""), 998);
  keys_ = keys_for(header);
  trace_ = received_field(origin_, config.hostname, queue::text(id_), only_recipient(), now);
  if (origin_.door == Door::submission) {
    if (message_id_.empty()) message_id_ = mail::new_message_id(config.hostname);
    header_ = complete_header(header, message_id_, now);
  } else {
    header_ = without_return_path(header);
  }
  if (!keys_.empty()) {
    signatures_.emplace(keys_, header_, now);
    hasher_.emplace();
  }
  // The signatures' place is kept free: they can be made when all of the body has been seen.
  const std::size_t room = signatures_ ? signatures_->size() : 0;
  keeper_.set_head(std::string(room, ' ') + trace_ + header_);
}

std::optional<Answer> MailReception::check_header(const mail::HeaderBlock& header) const {
  if (is_looping(header)) return reply::loop_detected;
  if (!header.is_complete()) return reply::bad_message.with("its header has too many fields");
  return {};
}

Task<std::optional<Answer>> MailReception::check_identity() const {
  if (!origin_.account && origin_.own_addresses.empty()) co_return std::nullopt;
  Directory::Addresses of_account;
  try {
    if (origin_.account) of_account = co_await parts_.directory.addresses_of(origin_.account->id);
  } catch (const IoError&) {
    co_return reply::accounts_away;
  }
  const auto& own = of_account ? *of_account : origin_.own_addresses;
  const auto verdict = policy::check_sender_identity(
      mail::HeaderBlock::parse(header_),
      [&](const mail::EmailAddress& address) { return own.contains(address.folded()); });
  if (verdict) co_return std::nullopt;
  co_return reply::identity.with(verdict.error().text);
}

/// Mail of ours is signed: of those who logged in, and of hosts that may relay. Never what
/// strangers bring.
std::span<const policy::DkimKey> MailReception::keys_for(const mail::HeaderBlock& header) const {
  const bool is_ours = origin_.door == Door::submission ||
                       (origin_.door == Door::mx &&
                        net::is_within(snapshot_->config->trusted_networks, origin_.peer));
  const auto* from = header.find("From");
  if (!is_ours || from == nullptr) return {};
  const auto list = mail::parse_address_list(from->unfolded());
  if (list.mailbox_count() != 1 || list.entries.size() != 1) return {};
  const auto domain = mail::Domain::parse(list.entries.front().domain);
  if (!domain) return {};
  const auto found = snapshot_->dkim.find(domain->text());
  if (found == snapshot_->dkim.end()) return {};
  return found->second;
}

std::optional<mail::EmailAddress> MailReception::only_recipient() const {
  if (admitted_.size() != 1) return {};
  return admitted_.front().as_given.address;
}

Task<std::vector<Answer>> MailReception::finish() {
  if (!refusal_ && !header_ended_) {  // no empty line: all of it is header
    header_ += "\r\n";
    co_await end_header();
  }
  const std::size_t answers = origin_.door == Door::lmtp ? admitted_.size() : 1;
  if (refusal_) co_return std::vector<Answer>(answers, *refusal_);
  if (origin_.door == Door::lmtp) co_return co_await deliver_here();
  co_return std::vector<Answer>{co_await enqueue()};
}

/// The message as it will be sent and stored, signed.
Task<queue::Body> MailReception::complete() {
  std::string signed_fields;
  if (hasher_) {
    const std::string hash = hasher_->finish();
    signed_fields = co_await offload(parts_.spool.pool, [&] { return signatures_->fields(hash); });
  }
  co_return co_await keeper_.finish(signed_fields + trace_ + header_);
}

Task<Answer> MailReception::enqueue() {
  std::optional<queue::Body> body;
  try {
    body = co_await complete();
  } catch (const IoError& error) {
    log::error("spool_failed", {{"id", queue::text(id_)}, {"error", error.what()}});
  }
  if (!body) co_return reply::queue_full;
  std::vector<mail::Recipient> recipients;
  for (const Admitted& admitted : admitted_)
    std::ranges::copy(admitted.targets, std::back_inserter(recipients));
  co_return co_await hand_on(std::move(*body), std::move(recipients));
}

/// To the queue. An address that stands there twice gets one copy.
Task<Answer> MailReception::hand_on(queue::Body body, std::vector<mail::Recipient> recipients) {
  std::unordered_set<std::string> seen;
  std::erase_if(recipients, [&](const mail::Recipient& one) {
    return !seen.insert(one.address.folded()).second;
  });
  std::optional<std::vector<queue::NewDelivery>> deliveries;
  try {
    deliveries = co_await parts_.router.plan(envelope_.sender, std::move(recipients));
  } catch (const IoError& error) {
    log::warn("routing_failed", {{"id", queue::text(id_)}, {"error", error.what()}});
  }
  if (!deliveries) {
    co_await offload(parts_.spool.pool, [&] { queue::remove_spooled(body); });
    co_return reply::accounts_away;
  }
  co_return co_await commit(std::move(body), std::move(*deliveries), seen.size());
}

Task<Answer> MailReception::commit(queue::Body body, std::vector<queue::NewDelivery> deliveries,
                                   std::size_t recipients) {
  std::string failure;
  std::expected<std::vector<queue::Lease>, queue::CommitError> leases;
  try {
    leases = co_await parts_.queue.commit(describe(std::move(body), std::move(deliveries)),
                                          parts_.dispatcher.has_room());
    if (!leases && leases.error() == queue::CommitError::duplicate) {
      // The key was used before: the same answer as then, and one message.
      const auto earlier = co_await parts_.queue.find_by_key(account_id(), once_.key);
      if (earlier) co_return reply::queued.with(queue::text(*earlier));
      co_return reply::queue_away;
    }
  } catch (const IoError& error) {
    failure = error.what();
  }
  if (!failure.empty()) {
    log::warn("commit_failed", {{"id", queue::text(id_)}, {"error", failure}});
    co_return reply::queue_away;
  }
  if (!leases) {
    co_return leases.error() == queue::CommitError::key_reused ? reply::key_reused
                                                               : reply::queue_full;
  }
  log::info("accepted", {{"id", queue::text(id_)},
                         {"from", mail::path_text(envelope_.sender)},
                         {"recipients", recipients},
                         {"size", keeper_.size()},
                         {"message_id", message_id_},
                         {"peer", origin_.peer.text()},
                         {"protocol", origin_.protocol},
                         {"account", origin_.account ? origin_.account->address.text() : ""}});
  parts_.accepted.add(std::chrono::steady_clock::now());
  parts_.dispatcher.take(std::move(*leases));
  co_return reply::queued.with(queue::text(id_));
}

std::string MailReception::account_id() const { return origin_.account ? origin_.account->id : ""; }

queue::NewMessage MailReception::describe(queue::Body body,
                                          std::vector<queue::NewDelivery> deliveries) const {
  queue::NewMessage message;
  message.id = id_;
  message.sender = envelope_.sender;
  message.eight_bit = envelope_.eight_bit;
  message.smtputf8 = envelope_.smtputf8;
  message.signed_here = !keys_.empty();
  message.envid = envelope_.envid;
  message.ret = envelope_.ret;
  message.account = account_id();
  message.client = origin_.peer.text();
  message.message_id = message_id_;
  message.subject = subject_;
  message.size = body.size();
  message.received = now_;
  message.body = std::move(body);
  message.deliveries = std::move(deliveries);
  message.idempotency_key = once_.key;
  message.request_digest = once_.digest;
  return message;
}

}  // namespace postern::relay
