// mailbox/imap/commands/fetch/answers.h: writes "* n FETCH (…)" for each message (RFC 3501 §7.4.2).
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/async/task.h"
#include "mailbox/imap/commands/fetch/batches.h"
#include "mailbox/imap/commands/fetch/plan.h"
#include "mailbox/imap/commands/fetch/section_source.h"
#include "mailbox/imap/commands/fetch/shown_message.h"
#include "mailbox/imap/session/account_session.h"

namespace postern::imap {

/// Small answers are gathered; what is large goes through memory in blocks, at the client's pace.
class FetchAnswers {
 public:
  FetchAnswers(AccountSession& session, const FetchPlan& plan)
      : session_(session), plan_(plan), folder_(session.selection->folder) {}

  Task<> write(const FetchBatch& batch);
  /// Sends what was gathered.
  Task<> flush();

  /// Whether some messages were gone when their turn came.
  bool missed_some() const { return missed_some_; }

 private:
  void begin(const ShownMessage& shown);
  void write_item(const FetchItem& item, const ShownMessage& shown);
  Range write_section(const FetchItem& item, const SectionSource& source);
  Task<> send_octets(const mailbox::MessageEntry& entry, Range range);
  Task<> send_blocks(mailbox::ContentId content, Range range);

  AccountSession& session_;
  const FetchPlan& plan_;
  const std::shared_ptr<mailbox::FolderIndex> folder_;
  std::span<const mailbox::Octets> octets_;  // of this batch
  std::vector<mailbox::Uid> newly_seen_;     // of this batch, ascending
  bool missed_some_ = false;
  std::string out_;
};

}  // namespace postern::imap
