// relay/intake/reception.cc: what happens to a message between its first octet and our 250.
#include "relay/intake/reception.h"

#include <unordered_set>

#include "core/log.h"

namespace postern::relay {
namespace {

/// Where the header ends: behind its empty line. `from` is where to begin to look.
std::optional<std::size_t> end_of_header(std::string_view text, std::size_t from) {
  if (text.starts_with("\r\n")) return 2;
  const std::size_t end = text.find("\r\n\r\n", from < 3 ? 0 : from - 3);
  if (end == text.npos) return {};
  return end + 4;
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
      id_(queue::make_queue_id(Loop::current().wall_now())),
      now_(Loop::current().wall_now()),
      keeper_(parts.spool, id_) {}

Task<> MailReception::write(std::string_view octets) {
  if (refusal_) co_return;
  if (!header_ended_) {
    const std::size_t before = header_.size();
    header_ += octets;
    const auto end = end_of_header(header_, before);
    if (!end && header_.size() > mail::header_size_limit) {
      refusal_ = refused_because(Reason::bad_message, "its header is too long");
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
  refusal_ = refused(Reason::queue_full);
  keeper_.drop();
}

Task<std::vector<Acceptance>> MailReception::finish() {
  if (!refusal_ && !header_ended_) {  // no empty line: all of it is header
    header_ += "\r\n";
    co_await end_header();
  }
  const std::size_t outcomes = origin_.door == Door::lmtp ? admitted_.size() : 1;
  if (refusal_) co_return std::vector<Acceptance>(outcomes, std::unexpected(*refusal_));
  if (origin_.door == Door::lmtp) co_return co_await deliver_here();
  co_return std::vector<Acceptance>{co_await enqueue()};
}

/// The message as it will be sent and stored, signed; none: the disk does not take it.
Task<std::optional<queue::Body>> MailReception::complete() {
  try {
    std::string signed_fields;
    if (hasher_) {
      const std::string hash = hasher_->finish();
      signed_fields = co_await offload(parts_.signing, [&] { return signatures_->fields(hash); });
    }
    co_return co_await keeper_.finish(signed_fields + trace_ + header_);
  } catch (const IoError& error) {
    log::error("spool_failed", {{"id", queue::text(id_)}, {"error", error.what()}});
  }
  co_return std::nullopt;
}

Task<Acceptance> MailReception::enqueue() {
  std::optional<queue::Body> body = co_await complete();
  if (!body) co_return std::unexpected(refused(Reason::queue_full));
  std::vector<mail::Recipient> recipients;
  for (const Admitted& admitted : admitted_)
    std::ranges::copy(admitted.targets, std::back_inserter(recipients));
  co_return co_await hand_on(std::move(*body), std::move(recipients));
}

/// To the queue. An address that stands there twice gets one copy.
Task<Acceptance> MailReception::hand_on(queue::Body body, std::vector<mail::Recipient> recipients) {
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
    co_return std::unexpected(refused(Reason::accounts_away));
  }
  co_return co_await commit(std::move(body), std::move(*deliveries));
}

Task<Acceptance> MailReception::commit(queue::Body body,
                                       std::vector<queue::NewDelivery> deliveries) {
  try {
    auto leases = co_await parts_.queue.commit(describe(std::move(body), std::move(deliveries)),
                                               parts_.dispatcher.has_room());
    if (!leases) co_return co_await not_committed(leases.error());
    parts_.dispatcher.take(std::move(*leases));
    co_return Accepted{id_};
  } catch (const IoError& error) {
    log::warn("commit_failed", {{"id", queue::text(id_)}, {"error", error.what()}});
  }
  co_return std::unexpected(refused(Reason::queue_away));
}

/// For a key that was used before, with the same message: the outcome of then.
Task<Acceptance> MailReception::not_committed(queue::CommitError why) const {
  switch (why) {
    case queue::CommitError::full:
      co_return std::unexpected(refused(Reason::queue_full));
    case queue::CommitError::key_reused:
      co_return std::unexpected(refused(Reason::key_reused));
    case queue::CommitError::duplicate:
      break;
  }
  const auto earlier = co_await parts_.queue.find_by_key(account_id(), once_.key);
  if (!earlier) co_return std::unexpected(refused(Reason::queue_away));
  co_return Accepted{*earlier};
}

std::string MailReception::account_id() const { return origin_.account ? origin_.account->id : ""; }

/// Of those who were let in, who stands for other addresses.
std::vector<queue::Expansion> MailReception::expansions() const {
  std::vector<queue::Expansion> all;
  for (const Admitted& admitted : admitted_) {
    const mail::EmailAddress& given = admitted.as_given.address;
    const auto& targets = admitted.targets;
    if (targets.size() == 1 && targets.front().address.folded() == given.folded()) continue;
    queue::Expansion expansion{given, {}};
    for (const mail::Recipient& target : targets) expansion.targets.push_back(target.address);
    all.push_back(std::move(expansion));
  }
  return all;
}

queue::NewMessage MailReception::describe(queue::Body body,
                                          std::vector<queue::NewDelivery> deliveries) const {
  queue::NewMessage message;
  message.id = id_;
  message.sender = envelope_.sender;
  message.options = envelope_.options;
  message.signed_here = !keys_.empty();
  message.account = account_id();
  message.client = origin_.peer.text();
  message.message_id = message_id_;
  message.subject = subject_;
  message.size = body.size();
  message.received = now_;
  message.arrival = {origin_.protocol, origin_.account ? origin_.account->address.text() : ""};
  message.expansions = expansions();
  message.body = std::move(body);
  message.deliveries = std::move(deliveries);
  message.idempotency_key = once_.key;
  message.request_digest = once_.digest;
  return message;
}

}  // namespace postern::relay
