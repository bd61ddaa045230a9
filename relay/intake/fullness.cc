// relay/intake/fullness.cc: quota against use.
#include "relay/intake/fullness.h"

#include <algorithm>

#include "core/async/loop.h"
#include "mailbox/store/hub.h"

namespace postern::relay {
namespace {

constexpr std::chrono::seconds remembered_for{3};
constexpr std::size_t most_remembered = 10'000;
constexpr std::uint64_t least_message = 1024;  // the trace and header of almost any

}  // namespace

Task<bool> Fullness::is_full(queue::NextHop hop, std::uint64_t octets) {
  const auto* mailbox = std::get_if<queue::ToMailbox>(&hop);
  if (mailbox == nullptr) co_return false;
  try {
    const auto account = co_await directory_.account_by_id(mailbox->account);
    const std::uint64_t quota = account ? account->quota.value_or(0) : 0;
    if (quota == 0) co_return false;  // the store takes it for none, too
    co_return co_await used_by(mailbox->account) + std::max(octets, least_message) > quota;
  } catch (const IoError&) {  // its delivery will say so
  }
  co_return false;
}

Task<std::uint64_t> Fullness::used_by(std::string account) {
  const auto now = Loop::current().now();
  if (const auto found = seen_.find(account); found != seen_.end() && now < found->second.until)
    co_return found->second.octets;
  const std::uint64_t octets = (co_await mailboxes_.usage(account)).bytes;
  if (seen_.size() >= most_remembered) seen_.clear();
  seen_.insert_or_assign(std::move(account), Seen{octets, now + remembered_for});
  co_return octets;
}

}  // namespace postern::relay
