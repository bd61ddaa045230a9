// mailbox/imap/commands/fetch/batches.cc: reads ahead of the answers.
#include "mailbox/imap/commands/fetch/batches.h"

#include <algorithm>

namespace postern::imap {
namespace {

constexpr std::size_t batch_size = 256;          // messages that are read at once
constexpr std::uint64_t batch_octets = 1 << 20;  // of these, about

template <class Member>
std::vector<Member> those(std::span<const FetchedMessage> messages,
                          Member FetchedMessage::* member) {
  std::vector<Member> members;
  members.reserve(messages.size());
  for (const FetchedMessage& message : messages) members.push_back(message.*member);
  return members;
}

}  // namespace

FetchBatches::FetchBatches(mailbox::Mailbox& mailbox, std::shared_ptr<mailbox::FolderIndex> folder,
                           const SessionView& view, const FetchPlan& plan)
    : mailbox_(mailbox), folder_(std::move(folder)), view_(view), plan_(plan) {}

FetchBatch FetchBatches::without_reading(std::span<const std::uint32_t> numbers) {
  FetchBatch batch;
  batch.messages.reserve(numbers.size());
  for (const std::uint32_t number : numbers) {
    if (const mailbox::MessageEntry* entry = wanted(number))
      batch.messages.push_back({number, entry->uid, entry->content});
  }
  return batch;
}

Task<> FetchBatches::read(std::vector<std::uint32_t> numbers, Channel<FetchBatch>& batches) {
  using mailbox::MailboxStore;
  const ChannelCloser<FetchBatch> closer(batches);
  std::span<const std::uint32_t> left = numbers;
  while (!left.empty()) {
    FetchBatch batch{.messages = take(left), .metadata = {}, .octets = {}};
    if (plan_.reads_metadata()) {
      batch.metadata =
          co_await mailbox_.read(&MailboxStore::metadata,
                                 those(batch.messages, &FetchedMessage::content), plan_.metadata());
    }
    if (plan_.sends_octets()) {
      batch.octets = co_await mailbox_.read(&MailboxStore::contents, folder_->id,
                                            those(batch.messages, &FetchedMessage::uid));
    }
    if (!co_await batches.send(std::move(batch))) co_return;
  }
}

/// Those of the next numbers that the client wants; `left` is shortened by them.
std::vector<FetchedMessage> FetchBatches::take(std::span<const std::uint32_t>& left) {
  std::vector<FetchedMessage> messages;
  messages.reserve(std::min(left.size(), batch_size));
  std::uint64_t octets = 0;
  while (!left.empty() && messages.size() < batch_size && octets < batch_octets) {
    if (const mailbox::MessageEntry* entry = wanted(left.front())) {
      messages.push_back({left.front(), entry->uid, entry->content});
      octets += plan_.octets_in_batch(*entry);
    }
    left = left.subspan(1);
  }
  return messages;
}

/// None when the message is gone, or has not changed since the time that the client names.
const mailbox::MessageEntry* FetchBatches::wanted(std::uint32_t number) {
  const mailbox::MessageEntry* const entry = folder_->find(view_.uid(number), next_wanted_);
  missed_some_ |= entry == nullptr;
  return entry != nullptr && plan_.wants(*entry) ? entry : nullptr;
}

}  // namespace postern::imap
