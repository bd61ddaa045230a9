// relay/api/queue_request.cc: see queue_request.h.
#include "relay/api/queue_request.h"

#include <array>
#include <functional>

#include "core/number.h"
#include "relay/json_fields.h"

namespace postern::http {
namespace {

using relay::JsonField;
using relay::JsonKind;

// clang-format off
constexpr std::array target_fields{
    JsonField{"ids",    JsonKind::texts},
    JsonField{"filter", JsonKind::object},
    JsonField{"all",    JsonKind::truth},
};
constexpr std::array filter_fields{
    JsonField{"state",     JsonKind::text},
    JsonField{"sender",    JsonKind::text},
    JsonField{"recipient", JsonKind::text},
    JsonField{"domain",    JsonKind::text},
    JsonField{"limit",     JsonKind::number},
};
// clang-format on

using Lookup = std::function<std::optional<std::string>(const char* key)>;

std::expected<Selection, std::string> select(const Lookup& value_of) {
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

std::expected<Selection, std::string> read_filter(const Json& filter) {
  if (const auto mistake = relay::mistake_in(filter, filter_fields)) {
    return std::unexpected("filter: " + *mistake);
  }
  return select([&](const char* key) -> std::optional<std::string> {
    const auto found = filter.find(key);
    if (found == filter.end()) return {};
    return found->is_string() ? found->get<std::string>() : write_json(*found);
  });
}

}  // namespace

std::expected<Selection, std::string> read_selection(const Request& request) {
  return select([&](const char* key) { return request.parameter(key); });
}

std::expected<Targets, std::string> read_targets(const Json& body) {
  if (const auto mistake = relay::mistake_in(body, target_fields)) {
    return std::unexpected(*mistake);
  }
  const bool means_all = body.value("all", false);
  const bool has_filter = body.contains("filter") && !body["filter"].empty();
  if (body.contains("ids") + has_filter + means_all != 1) {
    return std::unexpected("one of ids, filter, all is due");
  }
  Targets targets;
  if (body.contains("ids")) targets.ids = body["ids"].get<std::vector<std::string>>();
  if (means_all) targets.selection.emplace();
  if (has_filter) {
    auto selection = read_filter(body["filter"]);
    if (!selection) return std::unexpected(selection.error());
    targets.selection = std::move(*selection);
  }
  return targets;
}

}  // namespace postern::http
