// tests/fuzz/mailbox_model.h: a mailbox as RFC 3501 describes it, in a few lines: what IMAP
// sessions are compared with.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace postern::fuzz {

using Flags = std::set<std::string>;  // in lower case: "\\seen", "$work"

struct ModelMessage {
  std::uint32_t uid = 0;
  Flags flags;
  std::string octets;
};

struct ModelFolder {
  bool is_selectable = true;
  std::uint32_t uid_next = 1;
  std::vector<ModelMessage> messages;

  ModelMessage* find(std::uint32_t uid);
  std::vector<std::uint32_t> uids() const;
  /// Gives the new uid.
  std::uint32_t add(Flags flags, std::string octets);
  void remove(const std::set<std::uint32_t>& uids);
};
using FolderRef = std::shared_ptr<ModelFolder>;

class MailboxModel {
 public:
  MailboxModel();
  /// The folder when it can be selected.
  FolderRef find(const std::string& name) const;
  // Each: whether the server must say OK.
  bool create(const std::string& name);
  bool remove(const std::string& name);
  bool rename(const std::string& from, const std::string& to);

 private:
  bool has_children(const std::string& name) const;
  std::map<std::string, FolderRef> folders_;
};

/// A set as a client writes it: pairs of numbers, 0 for the star.
struct ModelSet {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> parts;
  std::string text() const;
  bool holds(std::uint32_t number, std::uint32_t largest) const;
  /// Whether each number is one of 1 to `largest`; 1:* is all right where there are none, too.
  bool is_within(std::uint32_t largest) const;
};

}  // namespace postern::fuzz
