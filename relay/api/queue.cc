// relay/api/queue.cc: the queue, listed and acted upon.
#include <fmt/format.h>

#include "core/assert.h"
#include "core/async/offload.h"
#include "core/log.h"
#include "relay/api/api.h"
#include "relay/api/json_views.h"
#include "relay/api/paths.h"
#include "relay/api/queue_request.h"

namespace postern::http {
namespace {

Response bad(std::string_view why) { return problem(400, "Bad Request", why); }
Response unknown_id() { return problem(404, "Not Found", "no such message in the queue"); }

/// Of a message that cannot be shown: `known` is what the queue, or its history, has of it.
Response not_queued(const std::optional<queue::MessageRow>& known) {
  if (!known || !known->completed) return unknown_id();
  const std::string id = queue::text(known->id);
  return problem(
      404, "Not Found",
      fmt::format("{} has left the queue; `postern trace {}` (GET /v1/messages/{}) tells what "
                  "became of it",
                  id, id, id));
}

}  // namespace

Task<Response> Api::queue(const Request& request, std::string_view rest) {
  if (rest.empty()) co_return co_await queue_list(request);
  rest.remove_prefix(1);
  if (parse_action(rest)) co_return co_await queue_action(request, rest);
  const bool is_raw = rest.ends_with(raw_suffix);
  const auto id = queue::parse_queue_id(rest.substr(0, rest.find('/')));
  if (!id) co_return unknown_id();
  if (is_raw) co_return co_await raw(*id);
  const auto row = co_await worker_.queue().show(*id);
  co_return row && !row->completed ? json_response(view_in_full(*row)) : not_queued(row);
}

Task<Response> Api::queue_list(const Request& request) {
  const auto selection = read_selection(request);
  if (!selection) co_return bad(selection.error());
  Json all = Json::array();
  for (const auto& row : co_await worker_.queue().list_all(selection->filter, selection->limit)) {
    all.push_back(view(row));
  }
  co_return json_response(all);
}

Task<Response> Api::queue_action(const Request& request, std::string_view word) {
  const auto action = parse_action(word);
  POSTERN_ASSERT(action.has_value());
  const Json body = parse_json(request.body);
  auto targets = read_targets(body);
  if (!targets) co_return bad(targets.error());
  if (targets->selection) {
    const auto rows =
        co_await worker_.queue().list_all(targets->selection->filter, targets->selection->limit);
    for (const auto& row : rows) targets->ids.push_back(queue::text(row.id));
  }
  if (*action == queue::Action::retry) {
    for (delivery::Courier* courier : house_.couriers) {
      courier->loop().post([courier] { courier->forget_trouble(); });
    }
  }
  unsigned done = 0, pending = 0;
  Json missing = Json::array();
  for (const std::string& text : targets->ids) {
    const auto id = queue::parse_queue_id(text);
    const auto result = id ? co_await worker_.queue().apply(*action, *id) : queue::ActionResult{};
    if (!result.found) {
      missing.push_back(text);
    } else if (result.after_try > 0) {
      ++pending;
    } else {
      ++done;
    }
  }
  log::info("queue_action", {{"action", word}, {"done", done}, {"pending", pending}});
  worker_.dispatcher().wake();
  co_return json_response({{"done", done}, {"pending", pending}, {"missing", missing}});
}

Task<Response> Api::raw(queue::QueueId id) {
  const auto body = co_await worker_.queue().body(id);
  if (!body) co_return not_queued(co_await worker_.queue().show(id));
  std::string content = co_await offload(house_.disk, [&] { return body->read(); });
  co_return Response{200, std::move(content), "message/rfc822", {}};
}

}  // namespace postern::http
