// relay/server/api_services.cc: operators' requests, handed to the queue, the couriers and the
// accounts.
#include "relay/server/api_services.h"

#include "core/async/offload.h"

namespace postern::relay {

Task<std::vector<queue::MessageRow>> OperatorQueue::list(queue::Filter filter, std::size_t limit) {
  return worker_.queue().list_all(std::move(filter), limit);
}

Task<std::optional<queue::MessageRow>> OperatorQueue::show(queue::QueueId id) {
  return worker_.queue().show(id);
}

Task<std::optional<std::string>> OperatorQueue::content(queue::QueueId id) {
  const auto body = co_await worker_.queue().body(id);
  if (!body) co_return std::nullopt;
  co_return co_await offload(house_.disk, [&] { return body->read(); });
}

Task<std::optional<queue::Timeline>> OperatorQueue::history(queue::QueueId id) {
  return worker_.queue().history(id);
}

Task<std::vector<queue::Timeline>> OperatorQueue::search(queue::Sought sought, std::size_t limit) {
  return worker_.queue().search(std::move(sought), limit);
}

Task<queue::ActionResult> OperatorQueue::apply(queue::Action action, queue::QueueId id) {
  return worker_.queue().apply(action, id);
}

/// Each courier on its own loop.
void OperatorQueue::forget_trouble() {
  for (delivery::Courier* courier : house_.couriers) {
    courier->loop().post([courier] { courier->forget_trouble(); });
  }
}

void OperatorQueue::wake() { worker_.dispatcher().wake(); }

Task<http::Answer> OperatorAccounts::run(AccountHandler handler, const AccountRequest& request) {
  auto answer = co_await offload(house_.hashing, [&] {
    auto result = handler(house_.accounts, request);
    house_.logins.refresh();
    return result;
  });
  co_await house_.purge_removed_accounts();  // `remove --purge`
  co_return answer;
}

}  // namespace postern::relay
