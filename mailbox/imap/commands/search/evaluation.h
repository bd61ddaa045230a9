// mailbox/imap/commands/search/evaluation.h: which messages a search key means.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/async/task.h"
#include "core/async/thread_pool.h"
#include "mailbox/imap/commands/search/request.h"
#include "mailbox/store/mailbox.h"

namespace postern::imap {

/// A message as SEARCH sees it.
struct SearchEntry {
  std::uint32_t number = 0;
  bool is_recent = false;
  mailbox::MessageEntry message;
};

/// What the cheap keys look at besides the message.
struct SearchTime {
  mailbox::Seconds now = 0;
};

/// Whether a resolved key that needs no content holds. `keyword_names` by bit.
bool matches(const SearchKey& key, const SearchEntry& entry,
             const std::vector<std::string>& keyword_names, SearchTime time);

/// The indices into `entries` (ascending by uid) that match, ascending. Much work goes to `pool`.
Task<std::vector<std::uint32_t>> search(ThreadPool& pool, mailbox::Mailbox& mailbox,
                                        std::shared_ptr<mailbox::FolderIndex> folder,
                                        const std::vector<SearchEntry>& entries,
                                        const SearchKey& key, SearchTime time);

}  // namespace postern::imap
