// mailbox/imap/commands/listing.h: which mailboxes a LIST means, and what it says of each. Pure.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "mailbox/imap/commands/list_request.h"
#include "mailbox/imap/grammar/wildcard.h"
#include "mailbox/store/types.h"

namespace postern::imap {

/// One answer to LIST or LSUB.
struct Listed {
  std::string_view name;  // of the Listing
  std::vector<std::string_view> attributes;
  bool has_selected_child = false;  // CHILDINFO (RFC 5258 §3.5)
};

/// Patterns against names, some at a time. `request` outlives it.
class Listing {
 public:
  /// LIST; or LSUB: subscribed names, and parents of such that a % stops at, as \Noselect (RFC 3501
  /// §6.3.9).
  enum class Of : std::uint8_t { folders, subscriptions };

  Listing(const ListRequest& request, Of what, std::vector<mailbox::FolderInfo> folders,
          std::vector<std::string> subscriptions);
  Listing(const Listing&) = delete;  // views into itself
  Listing& operator=(const Listing&) = delete;

  /// Looks at names for a Step (core/async/pace.h), off the loop; false when it has seen all.
  bool look_on();
  /// After that: the names that were found, ascending, and whether each was selected itself.
  const std::map<std::string_view, bool>& found() const { return found_; }
  Listed describe(std::string_view name, bool is_itself) const;

 private:
  void prepare();
  void look_at(std::string_view name);
  bool matches(std::string_view name);
  void select_names();
  bool has_special_use(std::string_view name) const;
  bool has_selected_child(std::string_view parent) const;
  Listed describe_folder(std::string_view name) const;

  const ListRequest& request_;
  const Of what_;
  std::vector<mailbox::FolderInfo> folders_given_;  // until prepare
  std::vector<std::string> subscriptions_given_;
  std::map<std::string, mailbox::FolderInfo, std::less<>> folders_;
  std::set<std::string, std::less<>> subscriptions_;
  std::vector<Pattern> patterns_;
  std::vector<Pattern> inbox_patterns_;     // in capitals, for INBOX has no case (RFC 3501 §5.1)
  std::vector<std::string_view> selected_;  // whatever the patterns say; ascending
  std::size_t next_ = 0;                    // of `selected_`
  bool is_prepared_ = false;
  std::vector<std::size_t> levels_;  // above the name that is looked at, those that match
  std::map<std::string_view, bool> found_;
};

}  // namespace postern::imap
