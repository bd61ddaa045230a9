// relay/api/queue_request.h: which messages of the queue a request means (docs/control-api.md).
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "queue/model/message.h"
#include "relay/http/connection.h"

namespace postern::http {

/// A filter, and how many of what it finds: 0 for all.
struct Selection {
  queue::Filter filter;
  std::size_t limit = 0;
};

/// What an action is to be applied to: ids as they came, or what a selection finds.
struct Targets {
  std::vector<std::string> ids;
  std::optional<Selection> selection;
};

/// `retry`, `hold`, `release`, `bounce`, `remove`.
std::optional<queue::Action> parse_action(std::string_view word);

/// Of a listing's query; else what is wrong with it, for a person.
std::expected<Selection, std::string> read_selection(const Request& request);

/// Of an action's body: one of `ids`, `filter`, `all`. Nothing that is not understood widens what
/// an action hits.
std::expected<Targets, std::string> read_targets(const Json& body);

}  // namespace postern::http
