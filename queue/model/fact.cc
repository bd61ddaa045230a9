// queue/model/fact.cc: the names of the facts.
#include "queue/model/fact.h"

#include <algorithm>

namespace postern::queue {
namespace {

constexpr std::array<std::string_view, 15> names{
    "accepted", "expanded",  "attempt", "delivered", "relayed", "deferred", "uncertain", "bounced",
    "expired",  "discarded", "held",    "released",  "retried", "returned", "removed"};
static_assert(names.size() == all_fact_kinds.size());

}  // namespace

std::string_view name(FactKind kind) { return names[static_cast<std::size_t>(kind)]; }

std::optional<FactKind> parse_fact_kind(std::string_view text) {
  const auto found = std::ranges::find(names, text);
  if (found == names.end()) return std::nullopt;
  return static_cast<FactKind>(found - names.begin());
}

}  // namespace postern::queue
