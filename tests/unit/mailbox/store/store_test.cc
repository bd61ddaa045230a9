// tests/unit/mailbox/store/store_test.cc: one account's mailbox, on a disk.
#include "mailbox/store/store.h"

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "core/error.h"
#include "tests/unit/mailbox/store/store_fixture.h"

using namespace postern::mailbox;

TEST_CASE("a new account has INBOX and the special-use folders, subscribed") {
  Fixture f;
  CHECK(f.names() ==
        std::vector<std::string>{"INBOX", "Archive", "Drafts", "Junk", "Sent", "Trash"});
  CHECK(f.store.special_folder(SpecialUse::junk)->name == "Junk");
  CHECK(f.store.subscriptions().size() == 6);
}

TEST_CASE("a delivery with a key that was used before stores nothing") {
  Fixture f;
  const NewMail mail{.content = Content::of("Subject: x\r\n\r\n")};
  CHECK(f.store.deliver("Q1.0", "INBOX", mail, {})->has_value());
  CHECK_FALSE(f.store.deliver("Q1.0", "INBOX", mail, {})->has_value());
  CHECK(f.store.deliver("Q1.1", "Nowhere", mail, {})->has_value());
  CHECK(f.store.entries(f.inbox).size() == 2);
}

TEST_CASE("a delivery over quota is refused and may be tried again") {
  Fixture f;
  const NewMail mail{.content = Content::of(std::string(100, 'x'))};
  CHECK(f.store.deliver("Q1.0", "INBOX", mail, 150)->has_value());
  CHECK(f.store.deliver("Q2.0", "INBOX", mail, 150).error() == StoreError::over_quota);
  f.store.expunge(f.inbox, uids({1}), true);
  CHECK(f.store.usage().bytes == 0);
  CHECK(f.store.deliver("Q2.0", "INBOX", mail, 150)->has_value());
  CHECK(f.store.usage().messages == 1);
}

TEST_CASE("UIDVALIDITY is new after DELETE and CREATE, and for an account made again at once") {
  Fixture f;
  const auto first = f.store.create_folder("Lists");
  CHECK(f.store.delete_folder("Lists").has_value());
  const auto second = f.store.create_folder("Lists");
  CHECK(second->uid_validity > first->uid_validity);
  CHECK(second->id != first->id);

  const std::string path = f.folder.path + "/b.db";
  std::uint32_t before = 0;
  {
    MailboxStore one(path, MailboxStore::Mode::read_write, indexer);
    before = one.find_folder("INBOX")->uid_validity;
  }
  std::filesystem::remove(path);
  MailboxStore again(path, MailboxStore::Mode::read_write, indexer);
  CHECK(again.find_folder("INBOX")->uid_validity > before + 5);
}

TEST_CASE("a uid is not given twice, also when the last message was expunged") {
  Fixture f;
  f.add("a\r\n");
  f.add("b\r\n");
  f.store.expunge(f.inbox, uids({2}), true);
  CHECK(f.add("c\r\n") == Uid(3));
  CHECK(f.store.status(f.inbox)->uid_next == 4);
}

TEST_CASE("folder names") {
  struct Case {
    const char* name;
    std::optional<StoreError> error;
  };
  // clang-format off
  const auto [name, error] = GENERATE(
      Case{"a/b/c", {}},
      Case{"a/b/c/", {}},
      Case{"Entw\xC3\xBCrfe", {}},
      Case{"inbox/sub", {}},
      Case{"inbox", StoreError::folder_exists},
      Case{"", StoreError::bad_name},
      Case{"/a", StoreError::bad_name},
      Case{"a//b", StoreError::bad_name},
      Case{"a\tb", StoreError::bad_name},
      Case{"a\xC3", StoreError::bad_name},
      Case{"a\xC2\x80", StoreError::bad_name},
      Case{"\xED\xA0\x80", StoreError::bad_name});
  // clang-format on
  Fixture f;
  const auto made = f.store.create_folder(name);
  if (error) {
    REQUIRE_FALSE(made.has_value());
    CHECK(made.error() == *error);
  } else {
    CHECK(made.has_value());
  }
  CHECK(f.store.create_folder(std::string(1001, 'x')).error() == StoreError::bad_name);
}

TEST_CASE("CREATE makes the parents, DELETE of a parent leaves a folder without messages") {
  Fixture f;
  const auto leaf = f.store.create_folder("a/b/c");
  REQUIRE(leaf);
  const auto middle = f.store.find_folder("a/b");
  f.store.append(middle->id, {.content = Content::of("x\r\n")}, {});
  CHECK(f.store.delete_folder("a/b").has_value());
  CHECK_FALSE(f.store.find_folder("a/b")->selectable);
  CHECK(f.store.delete_folder("a/b").error() == StoreError::not_allowed);
  const auto again = f.store.create_folder("a/b");
  CHECK(again->uid_validity > middle->uid_validity);
  CHECK(f.store.status(again->id)->uid_next == 1);
  CHECK(f.store.delete_folder("INBOX").error() == StoreError::not_allowed);
  CHECK(f.store.delete_folder("no").error() == StoreError::no_such_folder);
}

TEST_CASE("RENAME takes children along and makes the new parents") {
  Fixture f;
  f.store.create_folder("a/b");
  f.store.create_folder("a-b");
  CHECK(f.store.rename_folder("a", "x/y").has_value());
  CHECK(f.names() == std::vector<std::string>{"INBOX", "Archive", "Drafts", "Junk", "Sent", "Trash",
                                              "a-b", "x", "x/y", "x/y/b"});
  CHECK(f.store.rename_folder("x", "x/z").error() == StoreError::not_allowed);
  CHECK(f.store.rename_folder("x", "Sent").error() == StoreError::folder_exists);
  CHECK(f.store.rename_folder("no", "yes").error() == StoreError::no_such_folder);
}

TEST_CASE("RENAME of INBOX moves its messages and leaves it empty") {
  Fixture f;
  f.store.create_folder("INBOX/sub");
  f.add("a\r\n", flag::flagged);
  CHECK(f.store.rename_folder("INBOX", "old").has_value());
  CHECK(f.store.entries(f.inbox).empty());
  const auto moved = f.store.entries(f.store.find_folder("old")->id);
  REQUIRE(moved.size() == 1);
  CHECK(moved[0].system_flags == flag::flagged);
  CHECK(f.store.find_folder("INBOX/sub").has_value());
  CHECK(f.store.vanished(f.inbox, 0) == std::vector<UidRange>{{Uid(1), Uid(1)}});
  CHECK(f.add("b\r\n") == Uid(2));
}

TEST_CASE("flags change with a new modseq, and not when UNCHANGEDSINCE has passed") {
  Fixture f;
  f.add("a\r\n");
  f.add("b\r\n");
  const ModSeq before = f.store.status(f.inbox)->highest_modseq;
  const auto added = f.store.store_flags(
      f.inbox, uids({1}),
      {.operation = FlagOperation::add, .system_flags = flag::seen, .keywords = {"$Work"}});
  REQUIRE(added->changed.size() == 1);
  CHECK(added->changed[0].modseq > before);
  CHECK(f.store.status(f.inbox)->highest_modseq == added->changed[0].modseq);
  const auto late = f.store.store_flags(f.inbox, uids({1, 2}),
                                        {.operation = FlagOperation::replace,
                                         .system_flags = flag::deleted,
                                         .keywords = {"$work"},
                                         .unchanged_since = before});
  CHECK(late->modified == uids({1}));
  REQUIRE(late->changed.size() == 1);
  CHECK(late->changed[0].uid == Uid(2));
  CHECK(late->changed[0].keywords == 1);  // the same keyword in another case
  const auto removed = f.store.store_flags(
      f.inbox, uids({1}), {.operation = FlagOperation::remove, .system_flags = flag::seen});
  CHECK(removed->changed[0].system_flags == 0);
  const auto same = f.store.store_flags(
      f.inbox, uids({1}), {.operation = FlagOperation::remove, .system_flags = flag::seen});
  CHECK(same->changed.empty());
  CHECK(f.store.store_flags(f.inbox, uids({1}), {.keywords = {"a b"}}).error() ==
        StoreError::bad_keyword);
}

TEST_CASE(
    "rows of expunged messages are forgotten past a bound, and nobody misses a vanished uid") {
  Fixture f;
  std::vector<ModSeq> modseqs;
  for (std::uint32_t uid = 1; uid <= 8; ++uid) {
    f.add("a\r\n");
    if (uid == 4) continue;
    f.store.expunge(f.inbox, uids({uid}), true);
    modseqs.push_back(f.store.status(f.inbox)->highest_modseq);
  }
  const std::vector<UidRange> all{{Uid(1), Uid(3)}, {Uid(5), Uid(8)}};
  const std::vector<UidRange> last_two{{Uid(7), Uid(8)}};
  CHECK(f.store.vanished(f.inbox, modseqs[4]) == last_two);
  for (int again = 0; again < 2; ++again) {
    f.store.forget_expunged(3);
    CHECK(f.store.vanished(f.inbox, 1) == all);  // forgotten: all that is not there
    CHECK(f.store.vanished(f.inbox, modseqs[2]) == all);
    CHECK(f.store.vanished(f.inbox, modseqs[4]) == last_two);  // still known
  }
}

TEST_CASE("a folder that was \\Noselect comes back as another folder") {
  Fixture f;
  const FolderId old = f.store.create_folder("a")->id;
  f.store.create_folder("a/b");
  f.store.delete_folder("a");
  const FolderId now = f.store.create_folder("a")->id;
  CHECK(now != old);
  CHECK(f.store.find_folder("a/b").has_value());
}

TEST_CASE("RENAME makes no folder deeper than 100 levels") {
  Fixture f;
  std::string deep = "a", target = "t";
  for (int level = 1; level < 60; ++level) deep += "/a";
  for (int level = 1; level < 50; ++level) target += "/t";
  REQUIRE(f.store.create_folder(deep).has_value());
  CHECK(f.store.rename_folder("a", target).error() == StoreError::bad_name);
  CHECK(f.store.find_folder(deep).has_value());
}

TEST_CASE("copies share their content until the last is gone") {
  Fixture f;
  f.add("Subject: shared\r\n\r\nplenty of text\r\n", flag::answered);
  f.maintain();
  const FolderId archive = f.store.find_folder("Archive")->id;
  const auto copied = f.store.copy(f.inbox, uids({1, 5}), archive, {});
  CHECK(copied->source == uids({1}));
  CHECK(copied->target == uids({1}));
  CHECK(copied->uid_validity == f.store.find_folder("Archive")->uid_validity);
  f.store.expunge(f.inbox, uids({1}), true);
  f.maintain();
  CHECK(f.store.content(archive, Uid(1)) == "Subject: shared\r\n\r\nplenty of text\r\n");
  CHECK(f.store.probable_contents(SearchScope::text, "plenty")->size() == 1);
  f.store.expunge(archive, uids({1}), true);
  f.maintain();
  CHECK(f.store.probable_contents(SearchScope::text, "plenty")->empty());
  CHECK(f.store.usage().bytes == 0);
}

TEST_CASE("MOVE takes the message from its folder and logs it as vanished") {
  Fixture f;
  f.add("a\r\n");
  f.add("b\r\n");
  const ModSeq before = f.store.status(f.inbox)->highest_modseq;
  const FolderId trash = f.store.find_folder("Trash")->id;
  f.store.take_changes();
  const auto moved = f.store.move(f.inbox, uids({2}), trash);
  CHECK(moved->source == uids({2}));
  CHECK(f.store.vanished(f.inbox, before) == std::vector<UidRange>{{Uid(2), Uid(2)}});
  CHECK(f.store.vanished(f.inbox, f.store.status(f.inbox)->highest_modseq).empty());
  CHECK(f.store.content(trash, moved->target[0]) == "b\r\n");
  const auto changes = f.store.take_changes();
  REQUIRE(changes.size() == 2);
  CHECK(changes[0].expunged == uids({2}));
  CHECK(changes[1].upserts.size() == 1);
}

TEST_CASE("EXPUNGE takes only what is \\Deleted") {
  Fixture f;
  f.add("a\r\n", flag::deleted);
  f.add("b\r\n");
  f.add("c\r\n", flag::deleted);
  CHECK(f.store.expunge(f.inbox, uids({2, 3})) == uids({3}));
  CHECK(f.store.expunge_deleted(f.inbox) == uids({1}));
  CHECK(f.store.entries(f.inbox).size() == 1);
}

TEST_CASE("SEARCH finds substrings in any case, in decoded text, indexed or not") {
  const bool indexed = GENERATE(false, true);
  Fixture f;
  f.add(
      "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?= from Wien\r\n"
      "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
      "RGVyIFppbm5zb2xkYXQg4oCTIMOERkZJTg==\r\n");  // "Der Zinnsoldat – ÄFFIN"
  f.add("Subject: other\r\n\r\nnothing of \"interest\"\r\n");
  if (indexed) {
    f.maintain();
    CHECK(f.store.probable_contents(SearchScope::header, "wien")->size() == 1);
    CHECK(f.store.probable_contents(SearchScope::body, "wien")->empty());
    CHECK(f.store.probable_contents(SearchScope::header, "zinnsoldat")->empty());
  }
  CHECK(f.search(SearchScope::body, "zinnSOLDAT") == uids({1}));
  CHECK(f.search(SearchScope::text,
                 "\xC3\xA4"
                 "ff") == uids({1}));
  CHECK(f.search(SearchScope::header, "gr\xC3\xBCsse") ==
        uids({1}));  // full folding: ss is sharp s
  CHECK(f.search(SearchScope::text, "GR\xC3\x9C") == uids({1}));
  CHECK(f.search(SearchScope::body, "gr\xC3\xBC").empty());
  CHECK(f.search(SearchScope::text, "\"interest\"") == uids({2}));
  CHECK(f.search(SearchScope::text, "th") == uids({2}));
  CHECK(f.search(SearchScope::body, "RGVy").empty());
  const std::int64_t content = f.store.entries(f.inbox)[0].content;
  CHECK(f.store.matches_header(content, "SUBJECT", "wien"));
  CHECK(f.store.matches_header(content, "subject", ""));
  CHECK_FALSE(f.store.matches_header(content, "From", ""));
}

TEST_CASE("SEARCH finds what stands past the part of a long message that is indexed") {
  Fixture f;
  std::string text = "Subject: long\r\n\r\n";
  while (text.size() < (1U << 20)) text += "nothing of interest in this line of many\r\n";
  f.add(text + "the needle\r\n");
  f.maintain();
  CHECK(f.search(SearchScope::body, "the needle") == uids({1}));
  f.store.expunge(f.inbox, uids({1}), true);
  f.maintain();
  CHECK(f.store.probable_contents(SearchScope::body, "interest")->empty());
}

TEST_CASE("a failed job in a shared transaction undoes itself alone") {
  Fixture f;
  const std::vector<std::function<void(MailboxStore&)>> jobs{
      [&](MailboxStore& store) { store.append(f.inbox, {.content = Content::of("a\r\n")}, {}); },
      [&](MailboxStore& store) {
        store.append(f.inbox, {.content = Content::of("b\r\n")}, {});
        throw postern::IoError("no");
      },
      [&](MailboxStore& store) { store.append(f.inbox, {.content = Content::of("c\r\n")}, {}); }};
  const auto failures = f.store.transact(jobs);
  REQUIRE(failures.size() == 3);
  CHECK(failures[0] == nullptr);
  CHECK(failures[1] != nullptr);
  CHECK(failures[2] == nullptr);
  CHECK(f.store.entries(f.inbox).size() == 2);
  const auto changes = f.store.take_changes();
  REQUIRE(changes.size() == 1);
  CHECK(changes[0].upserts.size() == 2);
}

TEST_CASE("\\Recent goes to the first that asks") {
  Fixture f;
  f.add("a\r\n");
  CHECK(f.store.status(f.inbox)->recent == 1);
  CHECK(f.store.claim_recent(f.inbox) == Uid(1));
  CHECK(f.store.claim_recent(f.inbox) == Uid(2));
  CHECK(f.store.status(f.inbox)->recent == 0);
}

TEST_CASE("a process killed in the middle leaves what was committed, and nothing of the rest") {
  TemporaryFolder folder;
  const std::string path = folder.path + "/k.db";
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    MailboxStore store(path, MailboxStore::Mode::read_write, indexer);
    const FolderId inbox = store.find_folder("INBOX")->id;
    const NewMail mail{.content = Content::of(std::string(600'000, 'k'))};
    store.deliver("kept", "INBOX", mail, {});
    const std::vector<std::function<void(MailboxStore&)>> jobs{[&](MailboxStore& open) {
      open.deliver("lost", "INBOX", mail, {});
      open.expunge(inbox, std::vector{Uid(1)}, true);
      ::kill(::getpid(), SIGKILL);
    }};
    store.transact(jobs);
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  REQUIRE(WIFSIGNALED(status));
  MailboxStore store(path, MailboxStore::Mode::read_write, indexer);
  const FolderId inbox = store.find_folder("INBOX")->id;
  CHECK(store.entries(inbox).size() == 1);
  CHECK(store.content(inbox, Uid(1))->size() == 600'000);
  CHECK_FALSE(store.deliver("kept", "INBOX", {.content = Content::of("x")}, {})->has_value());
  CHECK(store.deliver("lost", "INBOX", {.content = Content::of("x")}, {})->has_value());
}

TEST_CASE("a copy made while the mailbox is open can be opened") {
  Fixture f;
  f.add("a\r\n");
  f.store.backup(f.folder.path + "/copy.db");
  MailboxStore copy(f.folder.path + "/copy.db", MailboxStore::Mode::read_write, indexer);
  CHECK(copy.entries(copy.find_folder("INBOX")->id).size() == 1);
}
