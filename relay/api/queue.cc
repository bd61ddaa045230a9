// relay/api/queue.cc: the queue, listed and acted upon.
#include <fmt/format.h>

#include "core/log.h"
#include "relay/api/handlers.h"
#include "relay/api/json_views.h"
#include "relay/api/queue_request.h"

namespace postern::http {
namespace {

/// The pattern takes queue ids only.
queue::QueueId id_of(const Call& call) { return *queue::parse_queue_id(call.captures["id"]); }

/// Of a message that cannot be shown: `known` is what the queue, or its history, has of it.
std::unexpected<Problem> not_queued(const std::optional<queue::MessageRow>& known) {
  if (!known || !known->completed) return refused(404, "Not Found", "no such message in the queue");
  const std::string id = queue::text(known->id);
  return refused(404, "Not Found",
                 fmt::format("{} has left the queue; `postern trace {}` (GET /v1/messages/{}) "
                             "tells what became of it",
                             id, id, id));
}

/// What has been done with the messages that a request named.
struct Tally {
  unsigned done = 0, pending = 0;
  Json missing = Json::array();
};

Task<Tally> apply_to_all(QueueService& queue, queue::Action action, std::vector<std::string> ids) {
  Tally tally;
  for (const std::string& text : ids) {
    const auto id = queue::parse_queue_id(text);
    const auto result = id ? co_await queue.apply(action, *id) : queue::ActionResult{};
    if (!result.found) {
      tally.missing.push_back(text);
    } else if (result.after_try > 0) {
      ++tally.pending;
    } else {
      ++tally.done;
    }
  }
  co_return tally;
}

Task<Answer> act(const Services& services, const Call& call, queue::Action action,
                 std::string_view word) {
  auto targets = read_targets(call.body);
  if (!targets) co_return bad_request(targets.error());
  if (const auto& selection = targets->selection) {
    const auto rows = co_await services.queue.list(selection->filter, selection->limit);
    for (const auto& row : rows) targets->ids.push_back(queue::text(row.id));
  }
  if (action == queue::Action::retry) services.queue.forget_trouble();
  const Tally tally = co_await apply_to_all(services.queue, action, std::move(targets->ids));
  log::info("queue_action", {{"action", word}, {"done", tally.done}, {"pending", tally.pending}});
  services.queue.wake();
  co_return json_response(
      {{"done", tally.done}, {"pending", tally.pending}, {"missing", tally.missing}});
}

}  // namespace

Task<Answer> list_queue(const Services& services, const Call& call) {
  const auto selection = read_selection(call.request);
  if (!selection) co_return bad_request(selection.error());
  Json all = Json::array();
  for (const auto& row : co_await services.queue.list(selection->filter, selection->limit)) {
    all.push_back(view(row));
  }
  co_return json_response(all);
}

Task<Answer> show_queued(const Services& services, const Call& call) {
  const auto row = co_await services.queue.show(id_of(call));
  if (!row || row->completed) co_return not_queued(row);
  co_return json_response(view_in_full(*row));
}

Task<Answer> show_octets(const Services& services, const Call& call) {
  auto content = co_await services.queue.content(id_of(call));
  if (!content) co_return not_queued(co_await services.queue.show(id_of(call)));
  co_return Response{200, *std::move(content), "message/rfc822", {}};
}

Task<Answer> retry_queued(const Services& services, const Call& call) {
  return act(services, call, queue::Action::retry, "retry");
}

Task<Answer> hold_queued(const Services& services, const Call& call) {
  return act(services, call, queue::Action::hold, "hold");
}

Task<Answer> release_queued(const Services& services, const Call& call) {
  return act(services, call, queue::Action::release, "release");
}

Task<Answer> bounce_queued(const Services& services, const Call& call) {
  return act(services, call, queue::Action::bounce, "bounce");
}

Task<Answer> remove_queued(const Services& services, const Call& call) {
  return act(services, call, queue::Action::remove, "remove");
}

}  // namespace postern::http
