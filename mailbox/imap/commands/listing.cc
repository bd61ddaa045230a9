// mailbox/imap/commands/listing.cc: selects names by options and patterns (RFC 3501 §6.3.8; RFC
// 5258).
#include "mailbox/imap/commands/listing.h"

#include <algorithm>

#include "core/async/pace.h"
#include "mailbox/imap/grammar/cursor.h"
#include "mailbox/imap/grammar/special_use.h"

namespace postern::imap {
namespace {

constexpr std::string_view inbox = "INBOX";

}  // namespace

Listing::Listing(const ListRequest& request, Of what, std::vector<mailbox::FolderInfo> folders,
                 std::vector<std::string> subscriptions)
    : request_(request),
      what_(what),
      folders_given_(std::move(folders)),
      subscriptions_given_(std::move(subscriptions)) {}

void Listing::prepare() {
  for (auto& folder : folders_given_) {
    std::string name = folder.name;
    folders_.emplace(std::move(name), std::move(folder));
  }
  subscriptions_.insert(std::make_move_iterator(subscriptions_given_.begin()),
                        std::make_move_iterator(subscriptions_given_.end()));
  for (const std::string& pattern : request_.patterns) {
    // Patterns that are no name in either form match nothing.
    const auto decoded = decode_mailbox(request_.reference + pattern);
    if (!decoded) continue;
    patterns_.emplace_back(*decoded);
    inbox_patterns_.emplace_back(to_upper(*decoded));
  }
  select_names();
  is_prepared_ = true;
}

void Listing::select_names() {
  if (what_ == Of::subscriptions || request_.select_subscribed) {
    selected_.assign(subscriptions_.begin(), subscriptions_.end());
  } else {
    for (const auto& [name, folder] : folders_) selected_.push_back(name);
  }
  if (what_ == Of::folders && request_.select_special)
    std::erase_if(selected_, [&](std::string_view name) { return !has_special_use(name); });
}

bool Listing::look_on() {
  const Step step;
  if (!is_prepared_) prepare();
  while (next_ < selected_.size() && !step.is_over()) look_at(selected_[next_++]);
  return next_ < selected_.size();
}

// Parents tell of those that the answer does not show itself (RECURSIVEMATCH: RFC 5258 §3.1; LSUB:
// RFC 3501 §6.3.9).
void Listing::look_at(std::string_view name) {
  if (matches(name)) {
    found_[name] = true;
    return;
  }
  const bool is_lsub = what_ == Of::subscriptions;
  if (!is_lsub && !request_.select_recursive) return;
  for (const std::size_t level : levels_) {
    const std::string_view parent = name.substr(0, level);
    if (!is_lsub || !subscriptions_.contains(parent)) found_.try_emplace(parent, false);
  }
}

/// Leaves the levels above that match in `levels_`.
bool Listing::matches(std::string_view name) {
  levels_.clear();
  bool does = false;
  for (const Pattern& pattern : patterns_) does |= pattern.matches(name, levels_);
  if (name != inbox && !name.starts_with("INBOX/")) return does;
  const bool means_inbox = std::ranges::any_of(
      inbox_patterns_, [](const Pattern& pattern) { return pattern.matches(inbox); });
  if (!means_inbox) return does;
  levels_.push_back(inbox.size());
  return does || name == inbox;
}

bool Listing::has_special_use(std::string_view name) const {
  const auto folder = folders_.find(name);
  return folder != folders_.end() && folder->second.special_use != mailbox::SpecialUse::none;
}

bool Listing::has_selected_child(std::string_view parent) const {
  const std::string start = std::string(parent) + "/";
  const auto child = std::ranges::lower_bound(selected_, start);
  return child != selected_.end() && child->starts_with(start);
}

Listed Listing::describe(std::string_view name, bool is_itself) const {
  if (what_ == Of::folders) return describe_folder(name);
  Listed listed{.name = name, .attributes = {}};
  const auto folder = folders_.find(name);
  if (!is_itself || folder == folders_.end() || !folder->second.selectable)
    listed.attributes.push_back("\\Noselect");
  return listed;
}

Listed Listing::describe_folder(std::string_view name) const {
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
  listed.has_selected_child = request_.select_recursive && has_selected_child(name);
  return listed;
}

}  // namespace postern::imap
