// relay/api/queue_request.h: which messages of the queue a request means (docs/control-api.md).
#pragma once

#include <array>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "core/json.h"
#include "queue/model/message.h"
#include "relay/http/json_fields.h"
#include "relay/http/message.h"

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

/// What a listing's query and an action's filter may hold.
inline constexpr std::array filter_fields{
    JsonField{"state", JsonKind::text},     JsonField{"sender", JsonKind::text},
    JsonField{"recipient", JsonKind::text}, JsonField{"domain", JsonKind::text},
    JsonField{"limit", JsonKind::number},
};

/// What an action's body may hold.
inline constexpr std::array target_fields{
    JsonField{"ids", JsonKind::texts},
    JsonField{"filter", JsonKind::object},
    JsonField{"all", JsonKind::truth},
};

/// Of a listing's query; else what is wrong with it, for a person.
std::expected<Selection, std::string> read_selection(const Request& request);

/// Of an action's body, whose members are known to be `target_fields`: one of `ids`, `filter`,
/// `all`. Nothing that is not understood widens what an action hits.
std::expected<Targets, std::string> read_targets(const Json& body);

}  // namespace postern::http
