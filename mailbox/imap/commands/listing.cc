// mailbox/imap/commands/listing.cc: selects names by options and patterns (RFC 3501 §6.3.8; RFC
// 5258).
#include "mailbox/imap/commands/listing.h"

#include <algorithm>

#include "mailbox/imap/grammar/cursor.h"
#include "mailbox/imap/grammar/special_use.h"
#include "mailbox/imap/grammar/wildcard.h"

namespace postern::imap {
namespace {

/// Calls `see` for each level above: "a" and "a/b" of "a/b/c".
template <class F>
void each_parent(const std::string& name, F see) {
  for (std::size_t slash = name.find('/'); slash != std::string::npos;
       slash = name.find('/', slash + 1))
    see(name.substr(0, slash));
}

bool has_child(const std::set<std::string>& names, const std::string& parent) {
  const auto child = names.lower_bound(parent + "/");
  return child != names.end() && child->starts_with(parent + "/");
}

}  // namespace

Listing::Listing(const ListRequest& request, std::vector<mailbox::FolderInfo> folders,
                 std::vector<std::string> subscriptions)
    : request_(request), subscriptions_(subscriptions.begin(), subscriptions.end()) {
  for (auto& folder : folders) folders_.emplace(folder.name, folder);
  for (const std::string& pattern : request.patterns) {
    // Patterns that are no name in either form match nothing.
    if (auto decoded = decode_mailbox(request.reference + pattern))
      patterns_.push_back(std::move(*decoded));
  }
}

std::vector<Listed> Listing::list() const {
  const std::set<std::string> selected = selected_names();
  std::set<std::string> listed;
  for (const std::string& name : selected) {
    if (matches(name)) {
      listed.insert(name);
    } else if (request_.select_recursive) {
      add_parents(name, listed);
    }
  }
  std::vector<Listed> result;
  for (const std::string& name : listed) {
    result.push_back(describe(name));
    result.back().has_selected_child = request_.select_recursive && has_child(selected, name);
  }
  return result;
}

// Parents tell of those that the answer does not show itself (RECURSIVEMATCH: RFC 5258 §3.1).
void Listing::add_parents(const std::string& name, std::set<std::string>& listed) const {
  each_parent(name, [&](std::string parent) {
    if (matches(parent)) listed.insert(std::move(parent));
  });
}

std::vector<Listed> Listing::list_subscribed() const {
  std::map<std::string, bool> names;  // whether subscribed itself
  for (const std::string& name : subscriptions_) {
    const bool is_shown = matches(name);
    if (is_shown) names[name] = true;
    each_parent(name, [&](const std::string& parent) {
      if (!is_shown && !subscriptions_.contains(parent) && matches(parent))
        names.emplace(parent, false);
    });
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

bool Listing::matches(const std::string& name) const {
  return std::ranges::any_of(patterns_, [&](const std::string& pattern) {
    return matches_pattern(pattern, name) ||
           (name == "INBOX" && matches_pattern(to_upper(pattern), name));  // RFC 3501 §5.1
  });
}

// Whatever the pattern says.
std::set<std::string> Listing::selected_names() const {
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

bool Listing::has_special_use(const std::string& name) const {
  const auto folder = folders_.find(name);
  return folder != folders_.end() && folder->second.special_use != mailbox::SpecialUse::none;
}

Listed Listing::describe(const std::string& name) const {
  Listed listed{.name = name, .attributes = {}};
  const auto folder = folders_.find(name);
  if (folder == folders_.end()) {
    listed.attributes.push_back("\\NonExistent");
  } else {
    if (!folder->second.selectable) listed.attributes.push_back("\\Noselect");
    listed.attributes.push_back(folder->second.has_children ? "\\HasChildren" : "\\HasNoChildren");
    if (const auto use = attribute_of(folder->second.special_use); !use.empty())
      listed.attributes.push_back(use);
  }
  const bool tell_subscribed = request_.select_subscribed || request_.return_subscribed;
  if (tell_subscribed && subscriptions_.contains(name)) listed.attributes.push_back("\\Subscribed");
  return listed;
}

}  // namespace postern::imap
