// mailbox/store/mailbox_search.cc: searches in slices.
#include <algorithm>

#include "mailbox/store/mailbox.h"
#include "mailbox/store/search_text.h"

namespace postern::mailbox {

namespace {

constexpr std::chrono::milliseconds search_slice{20};

}  // namespace

// Verifies candidates slice by slice, so that other reads of the account come between.
template <class Match>
Task<std::vector<Uid>> Mailbox::search(std::shared_ptr<FolderIndex> folder,
                                       std::vector<Uid> candidates, SearchScope scope,
                                       std::string needle, Match match) {
  const auto probable = co_await read(&MailboxStore::probable_contents, scope, std::move(needle));
  std::vector<std::pair<Uid, ContentId>> to_verify;
  for (const Uid uid : candidates) {
    const MessageEntry* const entry = folder->find(uid);
    if (entry == nullptr) continue;
    if (probable && !std::ranges::binary_search(*probable, entry->content)) continue;
    to_verify.emplace_back(uid, entry->content);
  }
  std::vector<Uid> hits;
  std::size_t next = 0;
  while (next < to_verify.size()) {
    next = co_await read([&](MailboxStore& store) {
      // On a thread of the pool, which has no loop: the slice measures its own work.
      const auto end = std::chrono::steady_clock::now() + search_slice;
      std::size_t at = next;
      store.at_one_moment([&] {
        do {
          if (match(store, to_verify[at].second)) hits.push_back(to_verify[at].first);
        } while (++at < to_verify.size() && std::chrono::steady_clock::now() < end);
      });
      return at;
    });
  }
  co_return hits;
}

Task<std::vector<Uid>> Mailbox::search_text(std::shared_ptr<FolderIndex> folder, SearchScope scope,
                                            std::string needle, std::vector<Uid> candidates) {
  if (needle.empty()) return search_nothing(std::move(candidates));
  needle = fold_case(needle);
  auto match = [scope, needle](MailboxStore& store, ContentId content) {
    return store.matches_text(content, scope, needle);
  };
  return search(std::move(folder), std::move(candidates), scope, std::move(needle),
                std::move(match));
}

Task<std::vector<Uid>> Mailbox::search_header(std::shared_ptr<FolderIndex> folder,
                                              std::string field, std::string needle,
                                              std::vector<Uid> candidates) {
  needle = fold_case(needle);
  auto match = [field = std::move(field), needle](MailboxStore& store, ContentId content) {
    return store.matches_header(content, field, needle);
  };
  return search(std::move(folder), std::move(candidates), SearchScope::header, std::move(needle),
                std::move(match));
}

/// The empty string is in every text (RFC 3501 §6.4.4).
Task<std::vector<Uid>> Mailbox::search_nothing(std::vector<Uid> candidates) {
  co_return candidates;
}

}  // namespace postern::mailbox
