// mailbox/store/hub.cc: one account's mailbox on its loop.
#include "mailbox/store/hub.h"

#include <algorithm>
#include <filesystem>

#include "core/async/on_loop.h"
#include "core/async/timer.h"
#include "mailbox/store/uid_validity.h"

namespace postern::mailbox {

namespace {

constexpr std::size_t batch_limit = 64;      // writes in one transaction
constexpr std::size_t waiting_limit = 4096;  // writes in one account's queue
constexpr std::chrono::milliseconds search_slice{20};
// What was put off waits until the account has been quiet for a while, but not for ever.
constexpr std::chrono::milliseconds maintenance_look{200};
constexpr std::chrono::milliseconds maintenance_pause{20};
constexpr std::chrono::milliseconds quiet_before_maintenance{2000};
constexpr std::chrono::minutes longest_delay_of_maintenance{5};
constexpr std::chrono::seconds sweep_every{5};

}  // namespace

struct Mailbox::Settings {
  ThreadPool& pool;
  TaskGroup& background;
  AccountHub::Options options;
  MessageIndexer indexer;
  Mutex& maintaining;  // held by the account whose turn it is
  std::string path(const std::string& account) const {
    return options.folder + "/" + account + ".db";
  }
};

/// One job in the queue of writes. Shared, for the one who waits may be cancelled.
struct Mailbox::Write {
  std::function<void(MailboxStore&)> job;
  std::function<void()> committed;
  std::exception_ptr failure;
  Event done;
};

// FolderIndex ------------------------------------------------------------------------------------

const MessageEntry* FolderIndex::find(Uid uid) const {
  const auto found = std::ranges::lower_bound(entries, uid, {}, &MessageEntry::uid);
  return found != entries.end() && found->uid == uid ? &*found : nullptr;
}

std::shared_ptr<void> FolderIndex::watch(std::function<void()> changed) {
  const auto watchers = watchers_;
  const auto place = watchers->insert(watchers->end(), std::move(changed));
  return {nullptr, [watchers, place](void*) { watchers->erase(place); }};
}

void FolderIndex::apply(const FolderChange& change) {
  if (!change.expunged.empty()) {
    std::erase_if(entries, [&](const MessageEntry& entry) {
      return std::ranges::binary_search(change.expunged, entry.uid);
    });
  }
  for (const MessageEntry& entry : change.upserts) {
    if (std::ranges::binary_search(change.expunged, entry.uid)) continue;
    const auto place = std::ranges::lower_bound(entries, entry.uid, {}, &MessageEntry::uid);
    if (place != entries.end() && place->uid == entry.uid) {
      *place = entry;
    } else {
      entries.insert(place, entry);
    }
  }
  uid_next = std::max(uid_next, change.uid_next);
  highest_modseq = std::max(highest_modseq, change.highest_modseq);
  gone = gone || change.gone;
  for (const auto& changed : *watchers_) changed();
}

// Mailbox: queue of writes -----------------------------------------------------------------------

Mailbox::Mailbox(std::string account, std::shared_ptr<Settings> settings)
    : account_(std::move(account)), settings_(std::move(settings)) {}

Mailbox::~Mailbox() = default;

template <class F>
auto Mailbox::write(F job, std::function<void()> committed)
    -> Task<std::invoke_result_t<F, MailboxStore&>> {
  using Result = std::invoke_result_t<F, MailboxStore&>;
  if (closing_) throw IoError("mailbox store: closed");
  if (waiting_.size() >= waiting_limit) throw IoError("mailbox store: too many writes are waiting");
  const auto result = std::make_shared<std::optional<Result>>();
  const auto entry = std::make_shared<Write>();
  entry->job = [result, job = std::move(job)](MailboxStore& store) mutable {
    result->emplace(job(store));
  };
  entry->committed = std::move(committed);
  waiting_.push_back(entry);
  if (!writing_) {
    writing_ = true;
    settings_->background.spawn(flush_writes(shared_from_this()));
  }
  co_await entry->done.wait();
  if (entry->failure) std::rethrow_exception(entry->failure);
  co_return std::move(**result);
}

// Takes all that waits, writes it in one transaction, tells the indexes, then those who wait.
Task<> Mailbox::flush_writes(std::shared_ptr<Mailbox> self) {
  while (!self->waiting_.empty()) {
    std::vector<std::shared_ptr<Write>> batch;
    const std::size_t count = std::min(batch_limit, self->waiting_.size());
    batch.assign(self->waiting_.begin(),
                 self->waiting_.begin() + static_cast<std::ptrdiff_t>(count));
    self->waiting_.erase(self->waiting_.begin(),
                         self->waiting_.begin() + static_cast<std::ptrdiff_t>(count));
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
    if (committed.names) self->keyword_names_ = *std::move(committed.names);
    for (const std::shared_ptr<Write>& write : batch) {
      if (!failure && !write->failure && write->committed) write->committed();
    }
    self->publish(std::move(committed.changes));
    for (const std::shared_ptr<Write>& write : batch) {
      if (failure) write->failure = failure;
      write->done.set();
    }
    if (cancelled) {
      for (const std::shared_ptr<Write>& write : self->waiting_) {
        write->failure = std::make_exception_ptr(IoError("mailbox store: closing"));
        write->done.set();
      }
      self->waiting_.clear();
    }
  }
  self->writing_ = false;
  self->last_write_ = Loop::current().now();
  self->settled_.set();
  self->run_maintenance();
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
    const auto found = open_folders_.find(change.folder);
    if (found == open_folders_.end()) continue;
    const std::shared_ptr<FolderIndex> index = found->second.lock();
    if (!index || change.gone) open_folders_.erase(found);
    if (index) index->apply(change);
  }
}

void Mailbox::run_maintenance() {
  if (maintaining_ || closing_) return;
  maintaining_ = true;
  settings_->background.spawn(maintain(shared_from_this()));
}

bool Mailbox::is_quiet() const {
  return !writing_ && Loop::current().now() - last_write_ >= quiet_before_maintenance;
}

// The index and the dead contents wait until the deliveries are through; slices let others between.
Task<> Mailbox::maintain(std::shared_ptr<Mailbox> self) {
  try {
    const auto latest = Loop::current().now() + longest_delay_of_maintenance;
    auto delay = maintenance_look;
    for (bool more = true; more && !self->closing_;) {
      co_await sleep_for(delay);
      delay = maintenance_look;
      if (!self->is_quiet() && Loop::current().now() < latest) continue;
      // One account at a time: the others' commands need the processors.
      const Mutex::Guard turn = co_await self->settings_->maintaining.lock();
      if (self->closing_) break;
      if (self->writing_) continue;
      delay = maintenance_pause;
      more = false;
      // Not by the queue of writes: it ends without leaving changes, and would call for itself
      // again.
      self->writing_ = true;
      self->settled_.reset();
      bool cancelled = false;
      try {
        co_await offload(self->settings_->pool, [&] { more = self->writer_->maintain(); });
      } catch (const Cancelled&) {
        cancelled = true;
      } catch (const IoError&) {  // a full disk: the next write calls again
      }
      self->writing_ = false;
      self->settled_.set();
      if (!self->waiting_.empty()) {
        self->writing_ = true;
        self->settled_.reset();
        self->settings_->background.spawn(flush_writes(self));
      }
      if (cancelled) break;
    }
  } catch (const Cancelled&) {
  }
  self->maintaining_ = false;
}

template <class F>
auto Mailbox::read(F job) -> Task<std::invoke_result_t<F, MailboxStore&>> {
  const Mutex::Guard turn = co_await reading_.lock();
  if (closing_) throw IoError("mailbox store: closed");
  co_return co_await offload(settings_->pool, [&] { return job(*reader_); });
}

// Mailbox: folders -------------------------------------------------------------------------------

Task<std::vector<FolderInfo>> Mailbox::folders() {
  return read([](MailboxStore& store) { return store.folders(); });
}

Task<std::expected<FolderInfo, StoreError>> Mailbox::find_folder(std::string name) {
  return read([name = std::move(name)](MailboxStore& store) { return store.find_folder(name); });
}

Task<std::expected<FolderStatus, StoreError>> Mailbox::status(std::string name) {
  return read(
      [name = std::move(name)](MailboxStore& store) -> std::expected<FolderStatus, StoreError> {
        const auto folder = store.find_folder(name);
        if (!folder || !folder->selectable) return std::unexpected(StoreError::no_such_folder);
        return store.status(folder->id);
      });
}

Task<std::expected<FolderInfo, StoreError>> Mailbox::create_folder(std::string name,
                                                                   SpecialUse use) {
  return write([name = std::move(name), use](MailboxStore& store) {
    return store.create_folder(name, use);
  });
}

Task<std::expected<void, StoreError>> Mailbox::delete_folder(std::string name) {
  return write([name = std::move(name)](MailboxStore& store) { return store.delete_folder(name); });
}

Task<std::expected<void, StoreError>> Mailbox::rename_folder(std::string from, std::string to) {
  return write([from = std::move(from), to = std::move(to)](MailboxStore& store) {
    return store.rename_folder(from, to);
  });
}

Task<std::vector<std::string>> Mailbox::subscriptions() {
  return read([](MailboxStore& store) { return store.subscriptions(); });
}

Task<std::expected<void, StoreError>> Mailbox::subscribe(std::string name, bool subscribed) {
  return write([name = std::move(name), subscribed](MailboxStore& store) {
    return store.subscribe(name, subscribed);
  });
}

Task<std::expected<std::shared_ptr<FolderIndex>, StoreError>> Mailbox::open_folder(
    std::string name) {
  const std::expected<FolderInfo, StoreError> folder = co_await find_folder(std::move(name));
  if (!folder) co_return std::unexpected(folder.error());
  if (!folder->selectable) co_return std::unexpected(StoreError::no_such_folder);
  if (auto open = opened(folder->id)) co_return open;
  // As a write, and installed before its batch is published: no change falls between.
  const auto index = std::make_shared<FolderIndex>();
  auto load = [index, folder = *folder](MailboxStore& store) {
    const auto status = store.status(folder.id);
    if (!status || status->uid_validity != folder.uid_validity) return false;
    index->id = folder.id;
    index->name = folder.name;
    index->uid_validity = status->uid_validity;
    index->uid_next = status->uid_next;
    index->highest_modseq = status->highest_modseq;
    index->entries = store.entries(folder.id);
    return true;
  };
  auto install = [this, index] {
    if (index->id != FolderId{} && !opened(index->id)) open_folders_[index->id] = index;
  };
  const bool loaded = co_await write(std::move(load), std::move(install));
  if (!loaded) co_return std::unexpected(StoreError::no_such_folder);
  auto open = opened(folder->id);
  co_return open ? open : index;
}

std::shared_ptr<FolderIndex> Mailbox::opened(FolderId folder) const {
  const auto found = open_folders_.find(folder);
  return found == open_folders_.end() ? nullptr : found->second.lock();
}

Task<Uid> Mailbox::claim_recent(FolderId folder) {
  return write([folder](MailboxStore& store) { return store.claim_recent(folder); });
}

// Mailbox: messages ------------------------------------------------------------------------------

Task<std::expected<Appended, StoreError>> Mailbox::append(std::string folder, NewMail mail) {
  return write([folder = std::move(folder), mail = std::move(mail),
                quota = quota_](MailboxStore& store) -> std::expected<Appended, StoreError> {
    const auto target = store.find_folder(folder);
    if (!target) return std::unexpected(target.error());
    return store.append(target->id, mail, quota);
  });
}

Task<std::expected<std::vector<Appended>, StoreError>> Mailbox::append_all(
    std::string folder, std::vector<NewMail> mails) {
  return write([folder = std::move(folder), mails = std::move(mails), quota = quota_](
                   MailboxStore& store) -> std::expected<std::vector<Appended>, StoreError> {
    const auto target = store.find_folder(folder);
    if (!target) return std::unexpected(target.error());
    return store.append_all(target->id, mails, quota);
  });
}

Task<std::expected<std::optional<Appended>, StoreError>> Mailbox::deliver(std::string key,
                                                                          std::string folder,
                                                                          NewMail mail) {
  return write(
      [key = std::move(key), folder = std::move(folder), mail = std::move(mail),
       quota = quota_](MailboxStore& store) { return store.deliver(key, folder, mail, quota); });
}

Task<std::expected<Copied, StoreError>> Mailbox::copy(FolderId from, std::vector<Uid> uids,
                                                      std::string to) {
  return write([from, uids = std::move(uids), to = std::move(to),
                quota = quota_](MailboxStore& store) -> std::expected<Copied, StoreError> {
    const auto target = store.find_folder(to);
    if (!target) return std::unexpected(target.error());
    return store.copy(from, uids, target->id, quota);
  });
}

Task<std::expected<Copied, StoreError>> Mailbox::move(FolderId from, std::vector<Uid> uids,
                                                      std::string to) {
  return write([from, uids = std::move(uids),
                to = std::move(to)](MailboxStore& store) -> std::expected<Copied, StoreError> {
    const auto target = store.find_folder(to);
    if (!target) return std::unexpected(target.error());
    return store.move(from, uids, target->id);
  });
}

Task<std::expected<FlagsStored, StoreError>> Mailbox::store_flags(FolderId folder,
                                                                  std::vector<Uid> uids,
                                                                  FlagUpdate update) {
  return write([folder, uids = std::move(uids), update = std::move(update)](MailboxStore& store) {
    return store.store_flags(folder, uids, update);
  });
}

Task<std::vector<Uid>> Mailbox::expunge(FolderId folder, std::vector<Uid> uids, bool any) {
  return write([folder, uids = std::move(uids), any](MailboxStore& store) {
    return store.expunge(folder, uids, any);
  });
}

Task<std::vector<Uid>> Mailbox::expunge_deleted(FolderId folder) {
  return write([folder](MailboxStore& store) { return store.expunge_deleted(folder); });
}

Task<std::vector<UidRange>> Mailbox::vanished(FolderId folder, ModSeq since) {
  return read([folder, since](MailboxStore& store) { return store.vanished(folder, since); });
}

Task<std::optional<std::string>> Mailbox::content(FolderId folder, Uid uid, std::uint64_t offset,
                                                  std::uint64_t length) {
  return read([folder, uid, offset, length](MailboxStore& store) {
    return store.content(folder, uid, offset, length);
  });
}

Task<std::vector<Octets>> Mailbox::contents(FolderId folder, std::vector<Uid> uids) {
  return read([folder, uids = std::move(uids)](MailboxStore& store) {
    std::vector<Octets> found;
    for (const Uid uid : uids) {
      if (auto bytes = store.content(folder, uid)) found.push_back({uid, *std::move(bytes)});
    }
    return found;
  });
}

Task<std::optional<std::string>> Mailbox::extract(
    FolderId folder, Uid uid, std::function<std::string(std::string_view)> extract) {
  return read([folder, uid,
               extract = std::move(extract)](MailboxStore& store) -> std::optional<std::string> {
    const std::optional<std::string> message = store.content(folder, uid);
    if (!message) return std::nullopt;
    return extract(*message);
  });
}

Task<std::vector<Metadata>> Mailbox::metadata(FolderId folder, std::vector<Uid> uids,
                                              MetadataWanted wanted) {
  return read([folder, uids = std::move(uids), wanted](MailboxStore& store) {
    return store.metadata(folder, uids, wanted);
  });
}

// Mailbox: search --------------------------------------------------------------------------------

// Verifies candidates slice by slice, so that other reads of the account come between.
template <class Match>
Task<std::vector<Uid>> Mailbox::search(std::shared_ptr<FolderIndex> folder,
                                       std::vector<Uid> candidates, std::string needle,
                                       Match match) {
  const auto probable = co_await read([needle = std::move(needle)](MailboxStore& store) {
    return store.probable_contents(needle);
  });
  std::vector<std::pair<Uid, std::int64_t>> to_verify;
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
      const auto end = std::chrono::steady_clock::now() + search_slice;
      std::size_t at = next;
      do {
        if (match(store, to_verify[at].second)) hits.push_back(to_verify[at].first);
      } while (++at < to_verify.size() && std::chrono::steady_clock::now() < end);
      return at;
    });
  }
  co_return hits;
}

Task<std::vector<Uid>> Mailbox::search_text(std::shared_ptr<FolderIndex> folder, SearchScope scope,
                                            std::string needle, std::vector<Uid> candidates) {
  if (needle.empty()) return search_nothing(std::move(candidates));
  auto match = [scope, needle](MailboxStore& store, std::int64_t content) {
    return store.matches_text(content, scope, needle);
  };
  return search(std::move(folder), std::move(candidates), std::move(needle), std::move(match));
}

Task<std::vector<Uid>> Mailbox::search_header(std::shared_ptr<FolderIndex> folder,
                                              std::string field, std::string needle,
                                              std::vector<Uid> candidates) {
  auto match = [field = std::move(field), needle](MailboxStore& store, std::int64_t content) {
    return store.matches_header(content, field, needle);
  };
  return search(std::move(folder), std::move(candidates), std::move(needle), std::move(match));
}

/// The empty string is in every text (RFC 3501 §6.4.4).
Task<std::vector<Uid>> Mailbox::search_nothing(std::vector<Uid> candidates) {
  co_return candidates;
}

Task<QuotaUse> Mailbox::usage() {
  QuotaUse use = co_await read([](MailboxStore& store) { return store.usage(); });
  use.limit = quota_;
  co_return use;
}

Task<> Mailbox::backup(std::string path) {
  co_await read([path = std::move(path)](MailboxStore& store) {
    store.backup(path);
    return true;
  });
}

std::shared_ptr<void> Mailbox::try_lock_maildrop() {
  if (!maildrop_lock_.expired()) return nullptr;
  const auto lock = std::make_shared<bool>(true);
  maildrop_lock_ = lock;
  return lock;
}

// Mailbox: opening and closing -------------------------------------------------------------------

Task<> Mailbox::open_stores(std::chrono::seconds remember_deliveries) {
  co_await offload(settings_->pool, [&] {
    std::filesystem::create_directories(settings_->options.folder);
    const std::string path = settings_->path(account_);
    auto writer =
        std::make_unique<MailboxStore>(path, MailboxStore::Mode::read_write, settings_->indexer);
    auto reader =
        std::make_unique<MailboxStore>(path, MailboxStore::Mode::read_only, settings_->indexer);
    writer->forget_deliveries(
        std::chrono::duration_cast<std::chrono::seconds>(
            std::chrono::system_clock::now().time_since_epoch() - remember_deliveries)
            .count());
    writer->forget_expunged();
    writer->forget_keywords();
    keyword_names_ = writer->keyword_names();
    writer_ = std::move(writer);
    reader_ = std::move(reader);
  });
}

Task<> Mailbox::close_stores() {
  closing_ = true;
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

// AccountHub -------------------------------------------------------------------------------------

AccountHub::AccountHub(Loop& loop, ThreadPool& pool, Options options, MessageIndexer indexer)
    : loop_(loop),
      settings_(
          std::make_shared<Mailbox::Settings>(Mailbox::Settings{.pool = pool,
                                                                .background = background_,
                                                                .options = std::move(options),
                                                                .indexer = std::move(indexer),
                                                                .maintaining = maintaining_})) {}

AccountHub::~AccountHub() = default;

Task<std::shared_ptr<Mailbox>> AccountHub::open(std::string account,
                                                std::optional<std::uint64_t> quota) {
  if (account.empty() || account.front() == '.' || account.find('/') != std::string::npos) {
    throw IoError("mailbox store: not an account id");
  }
  const Mutex::Guard turn = co_await opening_.lock();
  if (!sweeping_) {
    sweeping_ = true;
    background_.spawn(close_idle());
  }
  auto found = mailboxes_.find(account);
  if (found == mailboxes_.end()) {
    const auto mailbox = std::make_shared<Mailbox>(account, settings_);
    co_await mailbox->open_stores(settings_->options.remember_deliveries);
    mailbox->run_maintenance();  // what a crash left undone
    found = mailboxes_.emplace(account, mailbox).first;
  }
  found->second->last_used_ = loop_.now();
  if (quota) found->second->set_quota(*quota == 0 ? std::nullopt : quota);
  co_return found->second;
}

// Databases that nobody uses close after a while, and at once the oldest when there are too many.
Task<> AccountHub::close_idle() {
  while (true) {
    co_await sleep_for(sweep_every);
    const Mutex::Guard turn = co_await opening_.lock();
    std::vector<std::shared_ptr<Mailbox>> idle;
    for (const auto& [account, mailbox] : mailboxes_) {
      if (mailbox.use_count() == 1 && !mailbox->writing_) idle.push_back(mailbox);
    }
    std::ranges::sort(idle, std::ranges::greater{}, &Mailbox::last_used_);
    const auto oldest = loop_.now() - settings_->options.close_after;
    for (std::size_t i = 0; i < idle.size(); ++i) {
      if (i < settings_->options.idle_limit && idle[i]->last_used_ > oldest) continue;
      mailboxes_.erase(idle[i]->account());
      co_await idle[i]->close_stores();
    }
  }
}

Task<> AccountHub::purge(std::string account) {
  const Mutex::Guard turn = co_await opening_.lock();
  if (const auto found = mailboxes_.find(account); found != mailboxes_.end()) {
    const std::shared_ptr<Mailbox> mailbox = found->second;
    mailboxes_.erase(found);
    mailbox->abandon_folders();
    co_await mailbox->close_stores();
  }
  const std::string path = settings_->path(account);
  co_await offload(settings_->pool, [&] {
    if (!std::filesystem::exists(path)) return;
    {
      MailboxStore store(path, MailboxStore::Mode::read_write, settings_->indexer);
      reserve_uid_validity(path, store.last_uid_validity());
    }
    for (const char* const end : {"", "-wal", "-shm"}) std::filesystem::remove(path + end);
  });
}

void AccountHub::spawn(Task<> session) { sessions_.spawn(std::move(session)); }

Task<> AccountHub::close() {
  co_await sessions_.close();
  const Mutex::Guard turn = co_await opening_.lock();
  for (auto& [account, mailbox] : mailboxes_) co_await mailbox->close_stores();
  co_await background_.close();
  mailboxes_.clear();
}

// Mailboxes --------------------------------------------------------------------------------------

void Mailboxes::add(AccountHub& hub) { hubs_.push_back(&hub); }

AccountHub& Mailboxes::owner(const std::string& account) const {
  POSTERN_ASSERT(!hubs_.empty());
  return *hubs_[std::hash<std::string>()(account) % hubs_.size()];
}

namespace {

Task<std::expected<std::optional<Appended>, StoreError>> deliver_here(
    AccountHub* hub, std::string account, std::optional<std::uint64_t> quota, std::string key,
    std::string folder, NewMail mail) {
  const std::shared_ptr<Mailbox> mailbox = co_await hub->open(std::move(account), quota);
  co_return co_await mailbox->deliver(std::move(key), std::move(folder), std::move(mail));
}

}  // namespace

Task<std::expected<std::optional<Appended>, StoreError>> Mailboxes::deliver(
    std::string account, std::optional<std::uint64_t> quota, std::string key, std::string folder,
    NewMail mail) const {
  AccountHub& hub = owner(account);
  return on_loop(hub.loop(), deliver_here(&hub, std::move(account), quota, std::move(key),
                                          std::move(folder), std::move(mail)));
}

Task<> Mailboxes::purge(std::string account) const {
  AccountHub& hub = owner(account);
  return on_loop(hub.loop(), hub.purge(std::move(account)));
}

void Mailboxes::hand_over(const std::string& account, net::DetachedStream stream,
                          std::function<Task<>(net::Stream, AccountHub&)> serve) const {
  AccountHub* const hub = &owner(account);
  // std::function wants copies; the stream travels in a shared box.
  const auto box = std::make_shared<net::DetachedStream>(std::move(stream));
  hub->loop().post([hub, box, serve = std::move(serve)] {
    hub->spawn(serve(net::Stream::attach(hub->loop(), std::move(*box)), *hub));
  });
}

}  // namespace postern::mailbox
