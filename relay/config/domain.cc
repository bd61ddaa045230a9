// relay/config/domain.cc: reads [domain.NAME].
#include "relay/config/domain.h"

#include <set>

#include "core/config/reader.h"
#include "core/mail/encodings.h"

namespace postern::relay {

Domain read_domain(config::Section section) {
  Domain domain;
  section.take_parsed("catch_all", domain.catch_all, [](std::string_view text) {
    return text.empty() ? config::Parsed<std::string>("") : config::parse_mailbox(text);
  });
  std::set<std::string> selectors;
  for (const toml::table* inner : section.tables("dkim")) {
    policy::DkimKeyFile file =
        policy::read_dkim_key(config::Section(section.report(), *inner, "dkim"));
    // Whoever checks a signature finds one key under a selector: RFC 6376 §3.6.2.1.
    if (!file.selector.empty() && !selectors.insert(mail::lower_case(file.selector)).second) {
      section.report().mistake(config::line_of(*inner),
                               "selector " + config::in_quotes(file.selector) +
                                   " has a key already; each needs its own");
    }
    if (!file.selector.empty() && !file.key.empty()) domain.dkim.push_back(std::move(file));
  }
  section.finish();
  return domain;
}

}  // namespace postern::relay
