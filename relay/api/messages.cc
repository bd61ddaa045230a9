// relay/api/messages.cc: messages handed in over HTTP, and what became of them.
#include "core/async/loop.h"
#include "core/number.h"
#include "relay/api/handlers.h"
#include "relay/api/json_views.h"
#include "relay/api/message_request.h"
#include "relay/api/submission.h"

namespace postern::http {
namespace {

constexpr std::size_t usual_limit = 100, largest_limit = 10'000;

/// By message-id or address. An account finds its own.
std::expected<queue::Sought, Problem> read_search(const Call& call) {
  queue::Sought sought;
  sought.message_id = call.request.parameter("message_id").value_or("");
  if (const auto address = call.request.parameter("address")) {
    const auto parsed = mail::EmailAddress::parse(*address);
    if (!parsed) return bad_request("address: " + parsed.error().text);
    sought.address = parsed->text();
  }
  if (sought.message_id.empty() && sought.address.empty()) {
    return bad_request("message_id or address is due");
  }
  if (!call.is_operator()) sought.account = call.request.account->id;
  return sought;
}

/// None: it is no number, or out of bounds.
std::optional<std::size_t> read_limit(const Request& request) {
  const auto text = request.parameter("limit");
  if (!text) return usual_limit;
  const auto limit = parse_number<std::size_t>(*text);
  if (!limit || *limit == 0 || *limit > largest_limit) return {};
  return *limit;
}

}  // namespace

Task<Answer> take_message(const Services& services, const Call& call) {
  const std::string type = media_type(call.request);
  if (type != "message/rfc822" && type != "application/json") {
    co_return refused(415, "Unsupported Media Type", "application/json or message/rfc822");
  }
  auto message = type == "message/rfc822"
                     ? read_rfc822(call.request)
                     : read_json_message(call.request, Loop::current().wall_now());
  if (!message) co_return std::unexpected(message.error());
  co_return co_await submit(services, call, std::move(*message));
}

/// Whose messages are not the account's are not told from those that are not there.
Task<Answer> show_timeline(const Services& services, const Call& call) {
  const auto found = co_await services.queue.history(*queue::parse_queue_id(call.captures["id"]));
  const bool is_theirs =
      found && (call.is_operator() || found->account == call.request.account->id);
  if (!is_theirs) co_return refused(404, "Not Found", "no such message");
  co_return json_response(view(*found));
}

Task<Answer> find_timelines(const Services& services, const Call& call) {
  auto sought = read_search(call);
  if (!sought) co_return std::unexpected(sought.error());
  const auto limit = read_limit(call.request);
  if (!limit) co_return bad_request("limit is a number from 1 to 10000");
  Json all = Json::array();
  for (const auto& timeline : co_await services.queue.search(*std::move(sought), *limit)) {
    all.push_back(view(timeline));
  }
  co_return json_response(all);
}

}  // namespace postern::http
