// relay/intake/header.cc: what the header of a message decides: refusals, what it lacks, who signs,
// what stands on top.
#include <algorithm>

#include "core/mail/compose.h"
#include "policy/sender_identity.h"
#include "relay/config/config.h"
#include "relay/intake/reception.h"
#include "relay/intake/trace.h"

namespace postern::relay {
namespace {

std::string without_controls(std::string text, std::size_t most) {
  if (text.size() > most) text.resize(most);
  std::ranges::replace_if(text, [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return text;
}

}  // namespace

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

std::optional<Refused> MailReception::check_header(const mail::HeaderBlock& header) const {
  if (is_looping(header)) return refused(Reason::loop_detected);
  if (!header.is_complete())
    return refused_because(Reason::bad_message, "its header has too many fields");
  return {};
}

Task<std::optional<Refused>> MailReception::check_identity() const {
  if (!origin_.account && origin_.own_addresses.empty()) co_return std::nullopt;
  Directory::Addresses of_account;
  try {
    if (origin_.account) of_account = co_await parts_.directory.addresses_of(origin_.account->id);
  } catch (const IoError&) {
    co_return refused(Reason::accounts_away);
  }
  const auto& own = of_account ? *of_account : origin_.own_addresses;
  const auto verdict = policy::check_sender_identity(
      mail::HeaderBlock::parse(header_),
      [&](const mail::EmailAddress& address) { return own.contains(address.folded()); });
  if (verdict) co_return std::nullopt;
  co_return refused_because(Reason::identity, verdict.error().text);
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

}  // namespace postern::relay
