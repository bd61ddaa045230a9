// tests/fuzz/session_world.cc: socket pairs for connections, /dev/shm for disks.
#include "tests/fuzz/session_world.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <utility>

#include "core/assert.h"
#include "mailbox/imap/grammar/structure.h"

namespace postern::fuzz {
namespace {

mailbox::MessageIndexer indexer() { return imap::summarise; }

std::string fresh_folder() {
  std::string name = std::filesystem::is_directory("/dev/shm") ? "/dev/shm/" : "/tmp/";
  name += "postern-fuzz-XXXXXX";
  POSTERN_ASSERT(::mkdtemp(name.data()) != nullptr);
  return name;
}

/// A mailbox as new, made once: a schema costs more than most inputs.
const std::string& template_file() {
  static const std::string* const path = [] {
    auto* file = new std::string(fresh_folder() + "/new.db");
    const mailbox::MailboxStore store(*file, mailbox::MailboxStore::Mode::read_write, indexer());
    return file;
  }();
  return *path;
}

std::string prepared_folder() {
  std::string folder = fresh_folder();
  std::filesystem::copy_file(template_file(), folder + "/ann.db");
  return folder;
}

}  // namespace

Task<std::expected<policy::Account, policy::AuthFailure>> Ann::login(std::string user,
                                                                     std::string password,
                                                                     policy::Scope, net::Address) {
  if (user != "ann" || password != "secret")
    co_return std::unexpected(policy::AuthFailure::bad_credentials);
  co_return policy::Account{
      .id = "ann", .address = *mail::EmailAddress::parse("ann@office.example"), .enabled = true};
}

Loop& SessionWorld::loop() {
  static auto* const loop = new Loop;
  return *loop;
}

ThreadPool& SessionWorld::pool() {
  static auto* const pool = new ThreadPool(1, 10'000);
  return *pool;
}

SessionWorld::SessionWorld()
    : folder_(prepared_folder()), hub_(loop(), pool(), {.folder = folder_}, indexer()) {
  mailboxes_.add(hub_);
}

SessionWorld::~SessionWorld() {
  loop().run_until_done(sessions_.close());
  loop().run_until_done(hub_.close());
  std::filesystem::remove_all(folder_);
}

void SessionWorld::fill(mailbox::SessionContext& context) {
  context.tls_offer = net::TlsOffer::optional;
  context.hostname = "mail.office.example";
  context.authenticator = &ann_;
  context.mailboxes = &mailboxes_;
}

Peer::Peer(net::DetachedStream end, int descriptor)
    : stream(net::Stream::attach(SessionWorld::loop(), std::move(end))), descriptor_(descriptor) {}

Peer::Peer(Peer&& other) noexcept
    : stream(std::move(other.stream)), descriptor_(std::exchange(other.descriptor_, -1)) {}

Peer::~Peer() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void Peer::end_output() const { ::shutdown(descriptor_, SHUT_WR); }

std::pair<Peer, net::DetachedStream> SessionWorld::pair() {
  int ends[2];
  POSTERN_ASSERT(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  const net::Address here = net::Address::unix_socket("/fuzz");
  const int same = ::fcntl(ends[0], F_DUPFD_CLOEXEC, 0);
  return {Peer(net::DetachedStream(ends[0], here), same), net::DetachedStream(ends[1], here)};
}

Task<std::string> converse(Peer peer, std::string bytes) {
  std::string replies;
  try {
    co_await peer.stream.write(bytes);
    co_await peer.stream.flush(patience);
    peer.end_output();
    while (true) replies += co_await peer.stream.read_some(65536, patience);
  } catch (const ConnectionClosed&) {
  }
  co_return replies;
}

}  // namespace postern::fuzz
