// core/config/helper_sections.cc: programs that we talk to: [[webhook]] and [[milter]].
#include "core/config/sections.h"

namespace postern::config {

namespace {

// clang-format off
constexpr std::array<std::pair<std::string_view, bool>, 2> on_failures{{{"tempfail", false}, {"accept", true}}};
constexpr std::array<std::string_view, 8> event_names{
    "accepted", "delivered", "deferred", "bounced", "complained", "discarded", "expired", "delayed"};
// clang-format on

Parsed<std::string> parse_event(std::string_view text) {
  if (std::ranges::find(event_names, text) != event_names.end()) return std::string(text);
  return std::unexpected(in_quotes(text) + " is no event; allowed: " + any_of(event_names));
}

}  // namespace

Webhook read_webhook(Section section) {
  Webhook webhook;
  section.report().not_yet(section.line(), "[[webhook]]");
  section.require("url", R"("http://…" or "https://…")");
  section.take_parsed("url", webhook.url, parse_url);
  section.take_list("events", webhook.events, parse_event);
  section.take("secret_file", webhook.secret_file);
  check_secret(section, "secret_file", webhook.secret_file);
  section.finish();
  return webhook;
}

Milter read_milter(Section section) {
  Milter milter;
  section.report().not_yet(section.line(), "[[milter]]");
  section.require("address", R"("127.0.0.1:11332" or "unix:/path")");
  section.take_parsed("address", milter.address, parse_address);
  section.take_choice("on_failure", milter.accept_on_failure, on_failures);
  section.finish();
  return milter;
}

}  // namespace postern::config
