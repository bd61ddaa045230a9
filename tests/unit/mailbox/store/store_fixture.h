// tests/unit/mailbox/store/store_fixture.h: a mailbox of its own for each test, on a disk.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "mailbox/store/search_text.h"
#include "mailbox/store/store.h"
#include "tests/unit/mailbox/store/temporary_folder.h"

namespace postern::mailbox {

inline std::string length_of(std::string_view message) { return std::to_string(message.size()); }

inline const MessageIndexer indexer = [](std::string_view message) {
  return Summary{length_of(message), length_of(message), length_of(message)};
};

struct Fixture {
  Fixture() = default;
  explicit Fixture(std::string existing) : path(std::move(existing)) {}

  TemporaryFolder folder;
  std::string path = folder.path + "/a.db";
  MailboxStore store{path, MailboxStore::Mode::read_write, indexer};
  FolderId inbox = store.find_folder("inbox")->id;

  Uid add(std::string text, std::uint8_t flags = 0) {
    return store
        .append(inbox, {.content = Content::of(std::move(text)), .system_flags = flags}, {})
        ->uid;
  }
  std::vector<ContentId> contents_of(std::span<const Uid> uids) {
    std::vector<ContentId> contents;
    for (const MessageEntry& entry : store.entries(inbox)) {
      if (std::ranges::find(uids, entry.uid) != uids.end()) contents.push_back(entry.content);
    }
    return contents;
  }
  void maintain() {
    while (store.maintain()) {
    }
  }
  std::vector<Uid> search(SearchScope scope, std::string_view needle) {
    const std::string folded = fold_case(needle);
    const auto probable = store.probable_contents(scope, folded);
    std::vector<Uid> hits;
    for (const MessageEntry& entry : store.entries(inbox)) {
      if (probable && !std::ranges::binary_search(*probable, entry.content)) continue;
      if (store.matches_text(entry.content, scope, folded)) hits.push_back(entry.uid);
    }
    return hits;
  }
  std::vector<std::string> names() {
    std::vector<std::string> all;
    for (const FolderInfo& one : store.folders()) all.push_back(one.name);
    return all;
  }
};

inline std::vector<Uid> uids(std::initializer_list<std::uint32_t> numbers) {
  std::vector<Uid> all;
  for (const std::uint32_t number : numbers) all.push_back(Uid(number));
  return all;
}

}  // namespace postern::mailbox
