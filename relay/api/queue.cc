// relay/api/queue.cc: the queue, listed and acted upon.

#include "core/async/offload.h"
#include "core/log.h"
#include "core/number.h"
#include "relay/api/api.h"
#include "relay/api/json_views.h"

namespace postern::http {
namespace {

Response bad(std::string_view why) { return problem(400, "Bad Request", why); }
Response unknown_id() { return problem(404, "Not Found", "no such message in the queue"); }

/// A filter whose texts come from a query or from JSON.
struct Selection {
  queue::Filter filter;
  std::size_t limit = 0;
};

using Lookup = std::function<std::optional<std::string>(std::string_view key)>;

std::expected<Selection, std::string> read_selection(const Lookup& value_of) {
  Selection selection;
  selection.filter.sender = value_of("sender").value_or("");
  selection.filter.recipient = value_of("recipient").value_or("");
  selection.filter.domain = value_of("domain").value_or("");
  const auto state = value_of("state").value_or("");
  if (!state.empty()) {
    selection.filter.state = queue::parse_state(state);
    if (!selection.filter.state) {
      return std::unexpected("state is ready, active, deferred or held");
    }
  }
  const auto limit = parse_number<std::size_t>(value_of("limit").value_or("0"));
  if (!limit) return std::unexpected("limit is a number");
  selection.limit = *limit;
  return selection;
}

std::optional<queue::Action> parse_action(std::string_view text) {
  if (text == "retry") return queue::Action::retry;
  if (text == "hold") return queue::Action::hold;
  if (text == "release") return queue::Action::release;
  if (text == "bounce") return queue::Action::bounce;
  if (text == "remove") return queue::Action::remove;
  return {};
}

/// What an action is to be applied to.
struct Targets {
  std::vector<std::string> ids;
  std::optional<Selection> selection;
};

std::expected<Targets, std::string> read_targets(const Json& body) {
  Targets targets;
  if (!body.is_object()) return std::unexpected("a JSON object is due");
  if (body.contains("ids") && body["ids"].is_array()) {
    for (const Json& id : body["ids"]) {
      if (!id.is_string()) return std::unexpected("ids are strings");
      targets.ids.push_back(id.get<std::string>());
    }
    return targets;
  }
  if (body.value("all", false)) {
    targets.selection.emplace();
    return targets;
  }
  if (!body.contains("filter") || !body["filter"].is_object() || body["filter"].empty()) {
    return std::unexpected("one of ids, filter, all is due");
  }
  const Json& filter = body["filter"];
  auto selection = read_selection([&](std::string_view key) -> std::optional<std::string> {
    const auto found = filter.find(key);
    if (found == filter.end() || found->is_null()) return {};
    return found->is_string() ? found->get<std::string>() : write_json(*found);
  });
  if (!selection) return std::unexpected(selection.error());
  targets.selection = std::move(*selection);
  return targets;
}

}  // namespace

Task<Response> Api::queue(const Request& request, std::string_view rest) {
  if (rest.empty() && request.method == "GET") co_return co_await queue_list(request);
  if (rest.starts_with('/')) rest.remove_prefix(1);
  if (request.method == "POST") co_return co_await queue_action(request, rest);
  if (request.method != "GET") co_return problem(405, "Method Not Allowed");
  const std::size_t slash = rest.find('/');
  const auto id = queue::parse_queue_id(rest.substr(0, slash));
  if (!id) co_return unknown_id();
  if (slash != rest.npos && rest.substr(slash) == "/raw") co_return co_await raw(*id);
  if (slash != rest.npos) co_return problem(404, "Not Found");
  const auto row = co_await worker_.queue().show(*id);
  co_return row ? json_response(view_in_full(*row)) : unknown_id();
}

Task<Response> Api::queue_list(const Request& request) {
  const auto selection =
      read_selection([&](std::string_view key) { return request.parameter(key); });
  if (!selection) co_return bad(selection.error());
  Json all = Json::array();
  for (const auto& row : co_await worker_.queue().list_all(selection->filter, selection->limit)) {
    all.push_back(view(row));
  }
  co_return json_response(all);
}

Task<Response> Api::queue_action(const Request& request, std::string_view word) {
  const auto action = parse_action(word);
  if (!action) co_return problem(404, "Not Found", "retry, hold, release, bounce or remove");
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
  if (!body) co_return unknown_id();
  std::string content = co_await offload(house_.disk, [&] { return body->read(); });
  co_return Response{200, std::move(content), "message/rfc822", {}};
}

}  // namespace postern::http
