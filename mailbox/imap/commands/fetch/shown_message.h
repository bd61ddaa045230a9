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

class ShownMessage {
 public:
  ShownMessage(std::uint32_t number_now, const mailbox::MessageEntry& entry_now,
               const mailbox::Metadata* metadata_now);

  /// Looks through its octets for those sections that the header alone cannot tell, once for all.
  Task<> look_into(mailbox::Mailbox& mailbox, const FetchPlan& plan);
  /// Of one of the plan's sections; each is asked for once, in their order.
  SectionSource next_source(const Section& section);

  std::uint32_t number;
  mailbox::MessageEntry entry;        // a copy: the index may change while we wait
  const mailbox::Metadata* metadata;  // when it is needed; of the batch
  std::shared_ptr<void> hold;         // of its octets, when they are read block by block

  /// Its header is longer than what is kept beside the message.
  bool has_long_header() const;

 private:
  bool is_inside(const Section& section) const;

  std::optional<mail::HeaderBlock> header_;  // of `metadata`
  std::vector<SectionSource> found_;         // by look_into, the next one last
};

/// Finds messages of one batch, in its order.
class ShownMessages {
 public:
  ShownMessages(mailbox::Mailbox& mailbox, const mailbox::FolderIndex& folder,
                const FetchPlan& plan, std::span<const mailbox::Metadata> metadata)
      : mailbox_(mailbox), folder_(folder), plan_(plan), metadata_(metadata) {}

  /// None when it is gone by now.
  std::optional<ShownMessage> find(const FetchedMessage& message);

 private:
  mailbox::Mailbox& mailbox_;
  const mailbox::FolderIndex& folder_;
  const FetchPlan& plan_;
  std::span<const mailbox::Metadata> metadata_;
  std::size_t near_entry_ = 0, near_metadata_ = 0;  // where the last one was
};

/// Sets \Seen on those that are not yet; gives them, ascending (RFC 3501 §6.4.5, BODY[]).
Task<std::vector<mailbox::Uid>> mark_seen(mailbox::Mailbox& mailbox,
                                          const mailbox::FolderIndex& folder,
                                          std::span<const FetchedMessage> messages);

}  // namespace postern::imap
