// relay/config/webhook.cc: reads [[webhook]].
#include "relay/config/webhook.h"

#include "core/config/reader.h"
#include "core/config/secret.h"

namespace postern::relay {

namespace {

using config::Section;

// clang-format off
constexpr std::array<std::string_view, 8> event_names{
    "accepted", "delivered", "deferred", "bounced", "complained", "discarded", "expired", "delayed"};
// clang-format on

config::Parsed<std::string> parse_event(std::string_view text) {
  if (std::ranges::find(event_names, text) != event_names.end()) return std::string(text);
  return std::unexpected(config::in_quotes(text) +
                         " is no event; allowed: " + config::any_of(event_names));
}

}  // namespace

Webhook read_webhook(Section section) {
  Webhook webhook;
  section.report().not_yet(section.line(), "[[webhook]]");
  section.require("url", R"("http://…" or "https://…")");
  section.take_parsed("url", webhook.url, config::parse_url);
  section.take_list("events", webhook.events, parse_event);
  section.take("secret_file", webhook.secret_file);
  config::check_secret(section, "secret_file", webhook.secret_file);
  section.finish();
  return webhook;
}

}  // namespace postern::relay
