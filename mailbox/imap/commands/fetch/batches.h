// mailbox/imap/commands/fetch/batches.h: the messages of a FETCH, many at a time, with what was
// read of them in one way to the disk.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/async/sync.h"
#include "core/async/task.h"
#include "mailbox/imap/commands/fetch/plan.h"
#include "mailbox/imap/session/view.h"
#include "mailbox/store/mailbox.h"

namespace postern::imap {

struct FetchedMessage {
  std::uint32_t number;
  mailbox::Uid uid;
  mailbox::ContentId content;
};

struct FetchBatch {
  std::vector<FetchedMessage> messages;
  std::vector<mailbox::Metadata> metadata;  // ascending by content
  std::vector<mailbox::Octets> octets;      // ascending by uid
};

/// Reads batch after batch. What it is given outlives it.
class FetchBatches {
 public:
  FetchBatches(mailbox::Mailbox& mailbox, std::shared_ptr<mailbox::FolderIndex> folder,
               const SessionView& view, const FetchPlan& plan);

  /// One batch of all messages, for what the index knows alone.
  FetchBatch without_reading(std::span<const std::uint32_t> numbers);
  /// Sends batches until the last or until nobody takes them; the next is read while one is
  /// written.
  Task<> read(std::vector<std::uint32_t> numbers, Channel<FetchBatch>& batches);

  /// Whether some messages were gone.
  bool missed_some() const { return missed_some_; }

 private:
  std::vector<FetchedMessage> take(std::span<const std::uint32_t>& left);
  const mailbox::MessageEntry* wanted(std::uint32_t number);

  mailbox::Mailbox& mailbox_;
  const std::shared_ptr<mailbox::FolderIndex> folder_;
  const SessionView& view_;
  const FetchPlan& plan_;
  std::size_t next_wanted_ = 0;  // about where in the index
  bool missed_some_ = false;
};

}  // namespace postern::imap
