// mailbox/store/mailbox_inner.h: what the files of Mailbox share.
#pragma once

#include "core/async/offload.h"
#include "mailbox/store/hub.h"

namespace postern::mailbox {

inline constexpr std::size_t waiting_limit = 4096;  // writes in one account's queue

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

template <class F>
auto Mailbox::read(F job) -> Task<std::invoke_result_t<F, MailboxStore&>> {
  const Mutex::Guard turn = co_await reading_.lock();
  if (closing_) throw IoError("mailbox store: closed");
  co_return co_await offload(settings_->pool, [&] { return job(*reader_); });
}

}  // namespace postern::mailbox
