// relay/config/domain.cc: reads [domain.NAME].
#include "relay/config/domain.h"

#include "core/config/reader.h"

namespace postern::relay {

Domain read_domain(config::Section section) {
  Domain domain;
  section.take_parsed("catch_all", domain.catch_all, [](std::string_view text) {
    return text.empty() ? config::Parsed<std::string>("") : config::parse_mailbox(text);
  });
  for (const toml::table* inner : section.tables("dkim")) {
    policy::DkimKeyFile file =
        policy::read_dkim_key(config::Section(section.report(), *inner, "dkim"));
    if (!file.selector.empty() && !file.key.empty()) domain.dkim.push_back(std::move(file));
  }
  section.finish();
  return domain;
}

}  // namespace postern::relay
