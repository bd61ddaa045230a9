// mailbox/imap/commands/fetch/shown_message.h: a message as a FETCH answer shows it.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "mailbox/imap/commands/fetch/batches.h"
#include "mailbox/imap/commands/fetch/plan.h"
#include "mailbox/imap/commands/fetch/section_source.h"
#include "mailbox/store/mailbox.h"

namespace postern::imap {

struct ShownMessage {
  std::uint32_t number;
  mailbox::MessageEntry entry;         // a copy: the index may change while we wait
  const mailbox::Metadata* metadata;   // when it is needed; of the batch
  std::vector<SectionSource> sources;  // of each section that is asked for
  std::shared_ptr<void> hold;          // of its octets, when they are read block by block
};

/// Finds messages of one batch, in its order.
class ShownMessages {
 public:
  ShownMessages(mailbox::Mailbox& mailbox, const mailbox::FolderIndex& folder,
                const FetchPlan& plan, std::span<const mailbox::Metadata> metadata)
      : mailbox_(mailbox), folder_(folder), plan_(plan), metadata_(metadata) {}

  /// None when it is gone by now. Sections of parts have no source yet: see find_parts.
  std::optional<ShownMessage> find(const FetchedMessage& message);

 private:
  mailbox::Mailbox& mailbox_;
  const mailbox::FolderIndex& folder_;
  const FetchPlan& plan_;
  std::span<const mailbox::Metadata> metadata_;
  std::size_t near_entry_ = 0, near_metadata_ = 0;  // where the last one was
};

/// Looks through the message for the sections of its parts.
Task<> find_parts(mailbox::Mailbox& mailbox, const FetchPlan& plan, ShownMessage& shown);

/// Sets \Seen on those that are not yet; gives them, ascending (RFC 3501 §6.4.5, BODY[]).
Task<std::vector<mailbox::Uid>> mark_seen(mailbox::Mailbox& mailbox,
                                          const mailbox::FolderIndex& folder,
                                          std::span<const FetchedMessage> messages);

}  // namespace postern::imap
