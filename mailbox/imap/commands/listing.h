// mailbox/imap/commands/listing.h: which mailboxes a LIST means, and what it says of each. Pure.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "mailbox/imap/commands/list_request.h"
#include "mailbox/store/types.h"

namespace postern::imap {

/// One answer to LIST or LSUB.
struct Listed {
  std::string name;
  std::vector<std::string_view> attributes;
  bool has_selected_child = false;  // CHILDINFO (RFC 5258 §3.5)
};

/// Patterns against names: on many of both it takes its time, so call it off the loop. `request`
/// outlives it.
class Listing {
 public:
  Listing(const ListRequest& request, std::vector<mailbox::FolderInfo> folders,
          std::vector<std::string> subscriptions);

  /// LIST, ascending by name.
  std::vector<Listed> list() const;
  /// LSUB: subscribed names, and parents of such that a % stops at, as \Noselect (RFC 3501 §6.3.9).
  std::vector<Listed> list_subscribed() const;

 private:
  bool matches(const std::string& name) const;
  std::set<std::string> selected_names() const;
  bool has_special_use(const std::string& name) const;
  Listed describe(const std::string& name) const;
  void add_parents(const std::string& name, std::set<std::string>& listed) const;

  const ListRequest& request_;
  std::map<std::string, mailbox::FolderInfo> folders_;
  std::set<std::string> subscriptions_;
  std::vector<std::string> patterns_;
};

}  // namespace postern::imap
