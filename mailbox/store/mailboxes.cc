// mailbox/store/mailboxes.cc: finds the loop that owns an account.
#include "core/async/on_loop.h"
#include "mailbox/store/hub.h"

namespace postern::mailbox {

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
