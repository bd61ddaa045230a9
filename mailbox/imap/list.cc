// mailbox/imap/list.cc: LIST and LSUB (RFC 3501 §6.3.8; RFC 3348, 5258, 5819, 6154).
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "core/async/offload.h"
#include "mailbox/imap/account_session.h"
#include "mailbox/imap/special_use.h"
#include "mailbox/imap/wildcard.h"
#include "mailbox/imap/writer.h"

namespace postern::imap {
namespace {

/// One answer to LIST or LSUB.
struct Listed {
  std::string name;
  std::vector<std::string_view> attributes;
  bool has_selected_child = false;  // CHILDINFO (RFC 5258 §4)
};

class Listing {
 public:
  Listing(const ListRequest& request, std::vector<mailbox::FolderInfo> folders,
          std::vector<std::string> subscriptions)
      : request_(request), subscriptions_(subscriptions.begin(), subscriptions.end()) {
    for (auto& folder : folders) folders_.emplace(folder.name, folder);
    for (const std::string& pattern : request.patterns) {
      // Patterns that are no name in either form match nothing.
      if (auto decoded = decode_mailbox(request.reference + pattern))
        patterns_.push_back(std::move(*decoded));
    }
  }

  std::vector<Listed> list() const {
    const std::set<std::string> selected = selected_names();
    std::set<std::string> listed;
    for (const std::string& name : selected) {
      const bool is_shown = matches(name);
      if (is_shown) listed.insert(name);
      // Parents tell of those that the answer does not show itself.
      if (is_shown || !request_.select_recursive) continue;
      for (std::size_t slash = name.find('/'); slash != std::string::npos;
           slash = name.find('/', slash + 1)) {
        if (const std::string parent = name.substr(0, slash); matches(parent))
          listed.insert(parent);
      }
    }
    std::vector<Listed> result;
    for (const std::string& name : listed) {
      result.push_back(describe(name));
      result.back().has_selected_child = request_.select_recursive && has_child(selected, name);
    }
    return result;
  }

  /// LSUB: subscribed names, and parents of such that a % stops at, as \Noselect (RFC 3501 §6.3.9).
  std::vector<Listed> list_subscribed() const {
    std::map<std::string, bool> names;  // whether subscribed itself
    for (const std::string& name : subscriptions_) {
      if (matches(name)) names[name] = true;
      for (std::size_t slash = name.find('/'); slash != std::string::npos;
           slash = name.find('/', slash + 1)) {
        const std::string parent = name.substr(0, slash);
        if (!matches(name) && !subscriptions_.contains(parent) && matches(parent))
          names.emplace(parent, false);
      }
    }
    std::vector<Listed> result;
    for (const auto& [name, is_subscribed] : names) {
      Listed& listed = result.emplace_back(name);
      const auto folder = folders_.find(name);
      if (!is_subscribed || folder == folders_.end() || !folder->second.selectable)
        listed.attributes.push_back("\\Noselect");
    }
    return result;
  }

 private:
  bool matches(const std::string& name) const {
    return std::ranges::any_of(patterns_, [&](const std::string& pattern) {
      return matches_pattern(pattern, name) ||
             (name == "INBOX" && matches_pattern(to_upper(pattern), name));
    });
  }

  /// Whatever the pattern says.
  std::set<std::string> selected_names() const {
    std::set<std::string> names;
    if (request_.select_subscribed) {
      names = subscriptions_;
    } else {
      for (const auto& [name, folder] : folders_) names.insert(names.end(), name);
    }
    if (request_.select_special)
      std::erase_if(names, [&](const std::string& name) { return !has_special_use(name); });
    return names;
  }

  bool has_special_use(const std::string& name) const {
    const auto folder = folders_.find(name);
    return folder != folders_.end() && folder->second.special_use != mailbox::SpecialUse::none;
  }

  static bool has_child(const std::set<std::string>& names, const std::string& parent) {
    const auto child = names.lower_bound(parent + "/");
    return child != names.end() && child->starts_with(parent + "/");
  }

  Listed describe(const std::string& name) const {
    Listed listed{.name = name, .attributes = {}};
    const auto folder = folders_.find(name);
    if (folder == folders_.end()) {
      listed.attributes.push_back("\\NonExistent");
    } else {
      if (!folder->second.selectable) listed.attributes.push_back("\\Noselect");
      listed.attributes.push_back(folder->second.has_children ? "\\HasChildren"
                                                              : "\\HasNoChildren");
      if (const auto use = attribute_of(folder->second.special_use); !use.empty())
        listed.attributes.push_back(use);
    }
    const bool tell_subscribed = request_.select_subscribed || request_.return_subscribed;
    if (tell_subscribed && subscriptions_.contains(name))
      listed.attributes.push_back("\\Subscribed");
    return listed;
  }

  const ListRequest& request_;
  std::map<std::string, mailbox::FolderInfo> folders_;
  std::set<std::string> subscriptions_;
  std::vector<std::string> patterns_;
};

/// What selected a child: the options but RECURSIVEMATCH itself.
std::string_view child_info(const ListRequest& request) {
  if (!request.select_special) return " (\"CHILDINFO\" (\"SUBSCRIBED\"))";
  if (!request.select_subscribed) return " (\"CHILDINFO\" (\"SPECIAL-USE\"))";
  return " (\"CHILDINFO\" (\"SUBSCRIBED\" \"SPECIAL-USE\"))";
}

std::string write(const Listed& listed, const ListRequest& request, std::string_view command) {
  std::string text = fmt::format("* {} ({}) \"/\" ", command, fmt::join(listed.attributes, " "));
  write_mailbox(text, listed.name);
  if (listed.has_selected_child) text += child_info(request);
  return text + "\r\n";
}

bool is_selectable(const Listed& listed) {
  return std::ranges::none_of(listed.attributes, [](std::string_view a) {
    return a == "\\Noselect" || a == "\\NonExistent";
  });
}

}  // namespace

Task<Answer> imap_list(AccountSession& session, Request request) {
  const auto list = ListRequest::parse(request.arguments);
  if (!list) co_return bad_syntax(list.error());
  const bool asks_for_delimiter = !list->extended && list->patterns.front().empty();
  if (asks_for_delimiter) {
    co_await session.write(fmt::format("* {} (\\Noselect) \"/\" \"\"\r\n", request.name));
    co_return reply::done;
  }
  auto folders = co_await session.mailbox->folders();
  auto subscriptions = co_await session.mailbox->subscriptions();
  const Listing listing(*list, std::move(folders), std::move(subscriptions));
  // Off the loop: patterns and names of the longest kind take their time.
  const std::vector<Listed> all = co_await offload(*session.context.pool, [&] {
    return request.name == "LSUB" ? listing.list_subscribed() : listing.list();
  });
  for (const Listed& listed : all) {
    co_await session.write(write(listed, *list, request.name));
    if (list->return_status.empty() || !is_selectable(listed)) continue;
    const std::string status = co_await status_line(session, listed.name, list->return_status);
    co_await session.write(status);
  }
  co_return reply::done;
}

}  // namespace postern::imap
