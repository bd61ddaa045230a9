// relay/api/queue_request.cc: filters, strictly read: by query and by JSON the same.
#include "relay/api/queue_request.h"

#include <fmt/format.h>

#include <functional>

#include "core/mail/address.h"
#include "core/number.h"

namespace postern::http {
namespace {

constexpr std::string_view null_sender = "<>";

using Lookup = std::function<std::optional<std::string>(std::string_view key)>;

using Mistake = std::optional<std::string>;

/// As the queue compares it: A-labels, lower case.
Mistake read_address(const char* key, const std::string& text, std::string& wanted) {
  const auto address = mail::EmailAddress::parse(text);
  if (!address) return fmt::format("{}: {}", key, address.error().text);
  wanted = address->folded();
  return {};
}

Mistake read_state(const std::string& text, std::optional<queue::State>& wanted) {
  wanted = queue::parse_state(text);
  if (!wanted) return "state is ready, active, deferred or held";
  return {};
}

Mistake read_domain(const std::string& text, std::string& wanted) {
  const auto domain = mail::Domain::parse(text);
  if (!domain) return "domain: " + domain.error().text;
  wanted = domain->text();
  return {};
}

Mistake read_limit(const std::string& text, std::size_t& wanted) {
  wanted = parse_number<std::size_t>(text).value_or(0);
  if (wanted == 0) return "limit is a number, 1 or more";
  return {};
}

Mistake read_sender(const std::string& text, std::string& wanted) {
  if (text != null_sender) return read_address("sender", text, wanted);
  wanted = text;
  return {};
}

/// A value that is empty may be one that somebody forgot to set: it must not mean "any".
Mistake empty_value(std::string_view key) {
  return fmt::format("{}: empty; leave it out{}", key,
                     key == "sender" ? ", or <> for the null sender" : "");
}

Mistake read_value(std::string_view key, const std::string& text, Selection& selection) {
  if (text.empty()) return empty_value(key);
  if (key == "state") return read_state(text, selection.filter.state);
  if (key == "sender") return read_sender(text, selection.filter.sender);
  if (key == "recipient") return read_address("recipient", text, selection.filter.recipient);
  if (key == "domain") return read_domain(text, selection.filter.domain);
  return read_limit(text, selection.limit);
}

std::expected<Selection, std::string> select(const Lookup& value_of) {
  Selection selection;
  for (const JsonField& field : filter_fields) {
    const auto text = value_of(field.name);
    if (!text) continue;
    if (auto mistake = read_value(field.name, *text, selection)) {
      return std::unexpected(*std::move(mistake));
    }
  }
  return selection;
}

std::expected<Selection, std::string> read_filter(const Json& filter) {
  if (const auto mistake = mistake_in(filter, filter_fields)) {
    return std::unexpected("filter: " + *mistake);
  }
  return select([&](std::string_view key) -> std::optional<std::string> {
    const auto found = filter.find(key);
    if (found == filter.end()) return {};
    return found->is_string() ? found->get<std::string>() : write_json(*found);
  });
}

}  // namespace

std::expected<Selection, std::string> read_selection(const Request& request) {
  return select([&](std::string_view key) { return request.parameter(key); });
}

std::expected<Targets, std::string> read_targets(const Json& body) {
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
