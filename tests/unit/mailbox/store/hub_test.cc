// tests/unit/mailbox/store/hub_test.cc: sessions and deliveries of an account, side by side.
#include "mailbox/store/hub.h"

#include <catch2/catch.hpp>
#include <thread>

#include "core/async/on_loop.h"
#include "core/async/timer.h"
#include "tests/support/eventually.h"
#include "tests/support/manual_clock.h"
#include "tests/unit/mailbox/store/temporary_folder.h"

using namespace postern;
using namespace postern::mailbox;
using namespace std::chrono_literals;

namespace {

Summary nothing(std::string_view) { return {}; }

struct Fixture {
  TemporaryFolder folder;
  ThreadPool pool{3, 1000};
  Loop loop;
  AccountHub hub{loop, pool, {.folder = folder.path + "/mailboxes"}, nothing};
  ~Fixture() { loop.run_until_done(hub.close()); }
};

Task<std::expected<std::vector<Appended>, StoreError>> append(
    const std::shared_ptr<Mailbox>& mailbox, std::string folder, NewMail mail) {
  return mailbox->append_all(std::move(folder), {std::move(mail)});
}

NewMail mail(std::string text) { return {.content = Content::of(std::move(text))}; }

Task<> deliver_one(std::shared_ptr<Mailbox> mailbox, int number, int* stored) {
  const auto appended = co_await mailbox->deliver(
      "Q" + std::to_string(number / 2) + ".0", "INBOX",
      mail("Subject: x\r\n\r\nneedle " + std::to_string(number) + "\r\n"));
  if (appended && appended->has_value()) ++*stored;
}

Task<> two_sessions(AccountHub& hub) {
  const std::shared_ptr<Mailbox> mailbox = co_await hub.open("a1");
  const auto index = co_await mailbox->open_folder("INBOX");
  REQUIRE(index.has_value());
  int changes = 0;
  const auto watch = mailbox->watch((*index)->id, [&](const FolderChange&) { ++changes; });
  int stored = 0;
  TaskGroup group;
  for (int i = 0; i < 100; ++i) group.spawn(deliver_one(mailbox, i, &stored));
  co_await group.join();
  CHECK(stored == 50);  // each key came twice
  CHECK((*index)->entries.size() == 50);
  CHECK((*index)->uid_next == 51);
  CHECK(changes >= 1);
  CHECK(changes < 50);  // they shared transactions

  const auto again = co_await mailbox->open_folder("inbox");
  CHECK(*again == *index);

  const std::vector<Uid> seen{Uid(3)};
  co_await mailbox->write(
      &MailboxStore::store_flags, (*index)->id, seen,
      FlagUpdate{
          .operation = FlagOperation::add, .system_flags = flag::deleted, .keywords = {"$Junk"}});
  CHECK((*index)->find(Uid(3))->system_flags == flag::deleted);
  CHECK(mailbox->keyword_names() == std::vector<std::string>{"$Junk"});
  const auto gone = co_await mailbox->write(&MailboxStore::expunge_deleted, (*index)->id);
  CHECK(gone == seen);
  CHECK((*index)->find(Uid(3)) == nullptr);
  CHECK((*index)->entries.size() == 49);

  std::vector<Uid> all;
  for (const MessageEntry& entry : (*index)->entries) all.push_back(entry.uid);
  const auto hits = co_await mailbox->search_text(*index, SearchScope::body, "NEEDLE", all);
  CHECK(hits == all);
  const auto none = co_await mailbox->search_header(*index, "Subject", "y", all);
  CHECK(none.empty());
  const auto text =
      co_await mailbox->read(&MailboxStore::octets, (*index)->entries.front().content, 0, 7);
  CHECK(text == "Subject");
}

Task<> deleted_folder(AccountHub& hub) {
  const std::shared_ptr<Mailbox> mailbox = co_await hub.open("a2");
  const auto created =
      co_await mailbox->write(&MailboxStore::create_folder, "Lists", SpecialUse::none);
  REQUIRE(created.has_value());
  const auto index = co_await mailbox->open_folder("Lists");
  co_await append(mailbox, "Lists", mail("a\r\n"));
  CHECK((*index)->entries.size() == 1);
  const auto deleted = co_await mailbox->write(&MailboxStore::delete_folder, "Lists");
  CHECK(deleted.has_value());
  CHECK((*index)->gone);
  CHECK((*index)->entries.empty());
  const auto missing = co_await mailbox->open_folder("Lists");
  CHECK(missing.error() == StoreError::no_such_folder);
}

/// Folders that nobody has open, watched one by one and all at once.
Task<> watched_folders(AccountHub& hub) {
  const std::shared_ptr<Mailbox> mailbox = co_await hub.open("a7");
  const auto inbox = co_await mailbox->read(&MailboxStore::find_folder, "INBOX");
  const auto sent = co_await mailbox->read(&MailboxStore::find_folder, "Sent");
  std::vector<FolderChange> of_inbox, of_all;
  auto watch = mailbox->watch(inbox->id, [&](const FolderChange& c) { of_inbox.push_back(c); });
  const auto all = mailbox->watch({}, [&](const FolderChange& c) { of_all.push_back(c); });

  co_await append(mailbox, "INBOX", mail("a\r\n"));
  co_await append(mailbox, "Sent", mail("b\r\n"));
  REQUIRE(of_inbox.size() == 1);
  CHECK(of_inbox[0].folder == inbox->id);
  REQUIRE(of_inbox[0].upserts.size() == 1);
  CHECK(of_inbox[0].upserts[0].uid == Uid(1));
  CHECK(of_inbox[0].uid_next == 2);
  REQUIRE(of_all.size() == 2);
  CHECK(of_all[1].folder == sent->id);

  co_await mailbox->write(&MailboxStore::expunge, inbox->id, std::vector{Uid(1)}, true);
  REQUIRE(of_inbox.size() == 2);
  CHECK(of_inbox[1].expunged == std::vector{Uid(1)});
  co_await mailbox->write(&MailboxStore::delete_folder, "Sent");
  CHECK(of_all.back().gone);

  watch.reset();
  co_await append(mailbox, "INBOX", mail("c\r\n"));
  CHECK(of_inbox.size() == 2);  // nobody watches it any more
  CHECK(of_all.size() == 5);
}

Task<> maildrop(AccountHub& hub) {
  const std::shared_ptr<Mailbox> mailbox = co_await hub.open("a3");
  auto lock = mailbox->try_lock_maildrop();
  CHECK(lock != nullptr);
  CHECK(mailbox->try_lock_maildrop() == nullptr);
  lock.reset();
  CHECK(mailbox->try_lock_maildrop() != nullptr);
}

Task<> purged(AccountHub& hub) {
  const std::shared_ptr<Mailbox> before = co_await hub.open("a4");
  const auto old = co_await before->open_folder("INBOX");
  co_await append(before, "INBOX", mail("a\r\n"));
  co_await hub.purge("a4");
  CHECK((*old)->gone);
  bool failed = false;
  try {
    co_await append(before, "INBOX", mail("b\r\n"));
  } catch (const IoError&) {
    failed = true;
  }
  CHECK(failed);
  const std::shared_ptr<Mailbox> after = co_await hub.open("a4");
  const auto fresh = co_await after->open_folder("INBOX");
  CHECK((*fresh)->entries.empty());
  CHECK((*fresh)->uid_validity > (*old)->uid_validity);
}

/// The maintenance waits until the account is quiet, and between its slices.
Task<> wait_until_removed(std::shared_ptr<Mailbox> mailbox, ContentId content, ManualClock& clock) {
  co_await test::eventually("the content is removed", [&]() -> Task<bool> {
    co_await clock.advance(1s);
    co_return (co_await mailbox->read(&MailboxStore::octets, content, 0, 10)).empty();
  });
}

Task<> held_content(AccountHub& hub, ManualClock& clock) {
  const std::shared_ptr<Mailbox> mailbox = co_await hub.open("a6");
  const auto index = co_await mailbox->open_folder("INBOX");
  for (const char* text : {"held\r\n", "not held\r\n"})
    co_await append(mailbox, "INBOX", mail(text));
  const ContentId held = (*index)->entries[0].content, other = (*index)->entries[1].content;
  std::shared_ptr<void> hold = mailbox->hold(held);
  co_await mailbox->write(&MailboxStore::expunge, (*index)->id, std::vector{Uid(1), Uid(2)}, true);
  co_await wait_until_removed(mailbox, other, clock);
  CHECK(co_await mailbox->read(&MailboxStore::octets, held, 0, 10) == "held\r\n");
  hold.reset();
  co_await wait_until_removed(mailbox, held, clock);
}

Task<> over_quota(AccountHub& hub) {
  const std::shared_ptr<Mailbox> mailbox = co_await hub.open("a5", 10);
  const auto refused = co_await append(mailbox, "INBOX", mail("more than ten octets\r\n"));
  CHECK(refused.error() == StoreError::over_quota);
  co_await hub.open("a5", 0);
  const auto taken = co_await append(mailbox, "INBOX", mail("more than ten octets\r\n"));
  CHECK(taken.has_value());
}

}  // namespace

TEST_CASE("deliveries share transactions and every session sees them at once") {
  Fixture f;
  f.loop.run_until_done(two_sessions(f.hub));
}

TEST_CASE("a session that fails as nobody foresaw spoils nobody's end") {
  Fixture fixture;
  fixture.hub.spawn([]() -> Task<> {
    throw std::logic_error("nobody expected this");
    co_return;
  }());
  CHECK_NOTHROW(fixture.loop.run_until_done(fixture.hub.close()));
}

TEST_CASE("the folder that was open last is kept up to date, and not read again") {
  Fixture fixture;
  fixture.loop.run_until_done([](AccountHub& hub) -> Task<> {
    const auto box = co_await hub.open("ann");
    const FolderIndex* kept = nullptr;
    {
      const auto inbox = co_await box->open_folder("INBOX");
      kept = inbox->get();
    }
    int stored = 0;
    co_await deliver_one(box, 1, &stored);
    const auto again = co_await box->open_folder("INBOX");
    CHECK(again->get() == kept);
    CHECK((*again)->entries.size() == 1);
  }(fixture.hub));
}

TEST_CASE("the index of a deleted folder says that it is gone") {
  Fixture f;
  f.loop.run_until_done(deleted_folder(f.hub));
}

TEST_CASE("a watch on a folder that nobody has open hears of each change to it, and of no other") {
  Fixture f;
  f.loop.run_until_done(watched_folders(f.hub));
}

TEST_CASE("one holder has the maildrop") {
  Fixture f;
  f.loop.run_until_done(maildrop(f.hub));
}

TEST_CASE("a purged mailbox fails its sessions and comes back empty under a new UIDVALIDITY") {
  Fixture f;
  f.loop.run_until_done(purged(f.hub));
}

TEST_CASE("the maintenance leaves what is held, and removes it when it is let go") {
  Fixture f;
  ManualClock clock(f.loop);
  f.loop.run_until_done(held_content(f.hub, clock));
}

TEST_CASE("a quota holds from the moment it is set") {
  Fixture f;
  f.loop.run_until_done(over_quota(f.hub));
}

TEST_CASE("idle databases close, and open again") {
  TemporaryFolder folder;
  ThreadPool pool(2, 100);
  Loop loop;
  ManualClock clock(loop);
  AccountHub hub(loop, pool, {.folder = folder.path, .close_after = std::chrono::milliseconds(0)},
                 nothing);
  const auto once = [](AccountHub& from) -> Task<std::size_t> {
    const std::shared_ptr<Mailbox> mailbox = co_await from.open("idle");
    const auto index = co_await mailbox->open_folder("INBOX");
    const auto appended = co_await append(mailbox, "INBOX", mail("a\r\n"));
    CHECK(appended.has_value());
    co_return (*index)->entries.size();
  };
  CHECK(loop.run_until_done(once(hub)) == 1);
  CHECK(std::filesystem::exists(folder.path + "/idle.db-wal"));
  loop.run_until_done(test::eventually("the database is closed", [&]() -> Task<bool> {
    co_await clock.advance(1s);
    co_return !std::filesystem::exists(folder.path + "/idle.db-wal");
  }));
  CHECK(loop.run_until_done(once(hub)) == 2);
  loop.run_until_done(hub.close());
}

TEST_CASE("a worker delivers into a mailbox that another worker owns") {
  TemporaryFolder folder;
  ThreadPool pool(2, 100);
  Loop here, there;
  AccountHub hub(there, pool, {.folder = folder.path}, nothing);
  Mailboxes mailboxes;
  mailboxes.add(hub);
  std::thread worker([&] { there.run(); });
  const auto delivered =
      here.run_until_done(mailboxes.deliver("x", std::nullopt, "Q.0", "INBOX", mail("a\r\n")));
  CHECK(delivered.has_value());
  here.run_until_done(mailboxes.purge("x"));
  CHECK_FALSE(std::filesystem::exists(folder.path + "/x.db"));
  here.run_until_done(on_loop(there, hub.close()));
  there.stop();
  worker.join();
}
