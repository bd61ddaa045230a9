// mailbox/store/departed.h: messages that were expunged from an open folder, for the sessions whose
// clients were not told yet.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "mailbox/store/types.h"

namespace postern::mailbox {

/// What one session expunges stays readable for the others until they have been told (RFC 2180
/// §4.1.1). A reader keeps all that went from some change on; what no reader keeps is forgotten.
class Departed {
 public:
  using Turn = std::uint64_t;  // counts the changes that expunged something

  /// One change more, which took these messages (ascending by uid).
  void add(std::span<const MessageEntry> messages);
  /// Keeps what the last change took, and all that later ones take, until `let_go`.
  Turn keep();
  void let_go(Turn turn);
  /// To be called when all who want to keep the last change's messages have said so.
  void forget_unread();

  const MessageEntry* find(Uid uid) const;
  /// Appends what the messages consist of.
  void add_contents(std::vector<ContentId>& contents) const;

 private:
  struct Message {
    MessageEntry entry;
    Turn turn;
    Uid uid() const { return entry.uid; }
  };
  std::vector<Message> messages_;        // ascending by uid
  std::map<Turn, std::size_t> readers_;  // how many keep from this change on
  Turn turn_ = 0, forgotten_before_ = 0;
};

}  // namespace postern::mailbox
