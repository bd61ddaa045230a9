// mailbox/store/hub.cc: opens mailboxes, and closes those that nobody uses.
#include "mailbox/store/hub.h"

#include <algorithm>
#include <filesystem>

#include "core/async/every.h"
#include "core/async/guarded.h"
#include "core/log.h"
#include "mailbox/store/mailbox_settings.h"
#include "mailbox/store/uid_validity.h"

namespace postern::mailbox {

namespace {

constexpr std::chrono::seconds sweep_every{5};

}  // namespace

AccountHub::AccountHub(Loop& loop, ThreadPool& pool, Options options, MessageIndexer indexer)
    : loop_(loop),
      options_(std::move(options)),
      settings_(std::make_shared<MailboxSettings>(MailboxSettings{.pool = pool,
                                                                  .background = background_,
                                                                  .folder = options_.folder,
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
    background_.spawn(every(
        sweep_every, [this] { return close_idle(); },
        [](const std::exception& error) {
          log::warn("mailboxes_not_closed", {{"error", error.what()}});
        }));
  }
  auto found = mailboxes_.find(account);
  if (found == mailboxes_.end()) {
    const auto mailbox = std::make_shared<Mailbox>(account, settings_);
    co_await mailbox->open_stores(options_.remember_deliveries);
    mailbox->run_maintenance();  // what a crash left undone
    found = mailboxes_.emplace(account, mailbox).first;
  }
  found->second->last_used_ = loop_.now();
  if (quota) found->second->set_quota(*quota == 0 ? std::nullopt : quota);
  co_return found->second;
}

// Databases that nobody uses close after a while, and at once the oldest when there are too many.
Task<> AccountHub::close_idle() {
  std::vector<const Mailbox*> idle;
  for (const auto& [account, mailbox] : mailboxes_) {
    if (is_idle(mailbox)) idle.push_back(mailbox.get());
  }
  std::ranges::sort(idle, std::ranges::greater{}, &Mailbox::last_used_);
  const auto oldest = loop_.now() - options_.close_after;
  std::vector<std::string> closing;
  for (std::size_t i = 0; i < idle.size(); ++i) {
    if (i < options_.idle_limit && idle[i]->last_used_ > oldest) continue;
    closing.push_back(idle[i]->account());
  }
  for (const std::string& account : closing) co_await close_if_idle(account);
}

bool AccountHub::is_idle(const std::shared_ptr<Mailbox>& mailbox) {
  return mailbox.use_count() == 1 && !mailbox->writing_;
}

// One at a time: it waits for the disk, and so would everybody who opens a mailbox.
Task<> AccountHub::close_if_idle(std::string account) {
  const Mutex::Guard turn = co_await opening_.lock();
  const auto found = mailboxes_.find(account);
  if (found == mailboxes_.end() || !is_idle(found->second)) co_return;
  const std::shared_ptr<Mailbox> mailbox = std::move(found->second);
  mailboxes_.erase(found);
  co_await mailbox->close_stores();
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

void AccountHub::spawn(Task<> session) {
  sessions_.spawn(guarded(std::move(session), "session_failed"));
}

Task<> AccountHub::close() {
  co_await sessions_.close();
  const Mutex::Guard turn = co_await opening_.lock();
  for (auto& [account, mailbox] : mailboxes_) co_await mailbox->close_stores();
  co_await background_.close();
  mailboxes_.clear();
}

}  // namespace postern::mailbox
