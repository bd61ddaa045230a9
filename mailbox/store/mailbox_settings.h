// mailbox/store/mailbox_settings.h: what the mailboxes of a worker have in common.
#pragma once

#include <string>

#include "core/async/sync.h"
#include "core/async/task_group.h"
#include "core/async/thread_pool.h"
#include "mailbox/store/types.h"

namespace postern::mailbox {

/// All but `folder` and `indexer` belong to the hub, which outlives its mailboxes.
struct MailboxSettings {
  ThreadPool& pool;       // for what blocks
  TaskGroup& background;  // writes and maintenance
  std::string folder;     // data_dir/mailboxes
  MessageIndexer indexer;
  Mutex& maintaining;  // held by the account whose turn it is
  std::string path(const std::string& account) const { return folder + "/" + account + ".db"; }
};

}  // namespace postern::mailbox
