// mailbox/store/mailbox.cc: the queue of writes, opening and closing.
#include "mailbox/store/mailbox.h"

#include <algorithm>
#include <filesystem>

#include "mailbox/store/mailbox_settings.h"

namespace postern::mailbox {

namespace {

constexpr std::size_t batch_limit = 64;      // writes in one transaction
constexpr std::size_t waiting_limit = 4096;  // writes in one account's queue

}  // namespace

Mailbox::Mailbox(std::string account, std::shared_ptr<MailboxSettings> settings)
    : account_(std::move(account)), settings_(std::move(settings)) {}

Mailbox::~Mailbox() = default;

ThreadPool& Mailbox::pool() const { return settings_->pool; }

std::shared_ptr<Mailbox::Write> Mailbox::enqueue(std::function<void(MailboxStore&)> job,
                                                 std::function<void()> committed) {
  check_open();
  if (waiting_.size() >= waiting_limit) throw IoError("mailbox store: too many writes are waiting");
  auto entry = std::make_shared<Write>();
  entry->job = std::move(job);
  entry->committed = std::move(committed);
  waiting_.push_back(entry);
  if (!writing_) {
    writing_ = true;
    settings_->background.spawn(flush_writes(shared_from_this()));
  }
  return entry;
}

void Mailbox::check_open() const {
  if (closing_) throw IoError("mailbox store: closed");
}

// Takes all that waits, writes it in one transaction, tells the indexes, then those who wait.
Task<> Mailbox::flush_writes(std::shared_ptr<Mailbox> self) {
  while (!self->waiting_.empty()) {
    const auto end = self->waiting_.begin() +
                     static_cast<std::ptrdiff_t>(std::min(batch_limit, self->waiting_.size()));
    const std::vector<std::shared_ptr<Write>> batch(self->waiting_.begin(), end);
    self->waiting_.erase(self->waiting_.begin(), end);
    std::exception_ptr failure;
    bool cancelled = false;
    Committed committed;
    try {
      // The result by reference, for `offload` throws Cancelled after work that was done.
      co_await offload(self->settings_->pool, [&] { committed = commit(*self->writer_, batch); });
    } catch (const Cancelled&) {
      cancelled = true;
    } catch (...) {
      failure = std::current_exception();
    }
    self->finish(batch, std::move(committed), failure);
    if (cancelled) self->give_up_waiting();
  }
  self->writing_ = false;
  self->last_write_ = Loop::current().now();
  self->settled_.set();
  self->run_maintenance();
}

// The indexes and the watchers hear of it before those who wait go on.
void Mailbox::finish(std::span<const std::shared_ptr<Write>> batch, Committed committed,
                     std::exception_ptr failure) {
  if (committed.names) take_keywords(*std::move(committed.names));
  for (const std::shared_ptr<Write>& write : batch) {
    if (failure) write->failure = failure;
    if (!write->failure && write->committed) write->committed();
  }
  publish(std::move(committed.changes));
  for (const std::shared_ptr<Write>& write : batch) write->done.set();
}

void Mailbox::give_up_waiting() {
  for (const std::shared_ptr<Write>& write : waiting_) {
    write->failure = std::make_exception_ptr(IoError("mailbox store: closing"));
    write->done.set();
  }
  waiting_.clear();
}

void Mailbox::take_keywords(std::vector<std::string> names) {
  if (names == keyword_names_) return;
  keyword_names_ = std::move(names);
  ++keywords_version_;
}

Mailbox::Committed Mailbox::commit(MailboxStore& store,
                                   std::span<const std::shared_ptr<Write>> batch) {
  std::vector<std::function<void(MailboxStore&)>> jobs;
  jobs.reserve(batch.size());
  for (const auto& write : batch) {
    jobs.emplace_back([&write](MailboxStore& target) { write->job(target); });
  }
  const std::vector<std::exception_ptr> failures = store.transact(jobs);
  for (std::size_t i = 0; i < batch.size(); ++i) {
    batch[i]->failure = failures[i];
    batch[i]->job = nullptr;  // and with it the octets of a message
  }
  return {.changes = store.take_changes(), .names = store.keyword_names()};
}

void Mailbox::publish(std::vector<FolderChange> changes) {
  for (const FolderChange& change : changes) {
    apply(change);
    watchers_.tell(change);
  }
}

void Mailbox::apply(const FolderChange& change) {
  const auto found = open_folders_.find(change.folder);
  if (found == open_folders_.end()) return;
  const std::shared_ptr<FolderIndex> index = found->second.lock();
  if (!index || change.gone) open_folders_.erase(found);
  if (change.gone && last_folder_ == index) last_folder_.reset();
  if (index) index->apply(change);
}

std::shared_ptr<void> Mailbox::watch(std::optional<FolderId> folder, FolderWatcher watcher) {
  return watchers_.add(folder, std::move(watcher));
}

Task<QuotaUse> Mailbox::usage() {
  QuotaUse use = co_await read(&MailboxStore::usage);
  use.limit = quota_;
  co_return use;
}

std::shared_ptr<void> Mailbox::try_lock_maildrop() {
  if (!maildrop_lock_.expired()) return nullptr;
  const auto lock = std::make_shared<bool>(true);
  maildrop_lock_ = lock;
  return lock;
}

// Opening and closing -----------------------------------------------------------------------------

Task<> Mailbox::open_stores(std::chrono::seconds remember_deliveries) {
  const auto now = Loop::current().wall_now();
  co_await offload(settings_->pool, [&, now] {
    std::error_code ignored;  // opening says it better
    std::filesystem::create_directories(settings_->folder, ignored);
    const std::string path = settings_->path(account_);
    auto writer =
        std::make_unique<MailboxStore>(path, MailboxStore::Mode::read_write, settings_->indexer);
    auto reader =
        std::make_unique<MailboxStore>(path, MailboxStore::Mode::read_only, settings_->indexer);
    writer->forget_deliveries(std::chrono::duration_cast<std::chrono::seconds>(
                                  now.time_since_epoch() - remember_deliveries)
                                  .count());
    writer->forget_expunged();
    keyword_names_ = writer->keyword_names();
    writer_ = std::move(writer);
    reader_ = std::move(reader);
  });
}

Task<> Mailbox::close_stores() {
  closing_ = true;
  last_folder_.reset();
  while (writing_) {
    settled_.reset();
    co_await settled_.wait_to_the_end();
  }
  const Mutex::Guard turn = co_await reading_.lock();
  co_await offload(settings_->pool, [&] {
    reader_.reset();
    writer_.reset();  // last: it takes the write-ahead log along
  });
}

void Mailbox::abandon_folders() {
  std::vector<FolderChange> changes;
  for (const auto& [folder, index] : open_folders_) {
    changes.push_back({.folder = folder, .upserts = {}, .expunged = {}, .gone = true});
  }
  publish(std::move(changes));
}

}  // namespace postern::mailbox
