// The loopback server and client of the session tests.
#include "imap_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <future>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>

#include "core/async/loop.h"
#include "core/async/task_group.h"
#include "core/net/listener.h"
#include "mailbox/imap/grammar/request.h"
#include "mailbox/imap/grammar/structure.h"
#include "tests/support/imap_reply.h"

namespace postern::imap::test {
namespace {

class TwoAccounts : public policy::Authenticator {
 public:
  Task<std::expected<policy::Account, policy::AuthFailure>> login(std::string user,
                                                                  std::string password,
                                                                  policy::Scope,
                                                                  net::Address) override {
    if (user == "ann" && password == "secret") co_return account("ann", {});
    if (user == "bob" && password == "quiet") co_return account("bob", 100'000);
    co_return std::unexpected(policy::AuthFailure::bad_credentials);
  }
  bool is_live(const std::string& credential) const override {
    const std::scoped_lock lock(mutex_);
    return !disabled_.contains(credential);
  }
  void disable(std::string id) {
    const std::scoped_lock lock(mutex_);
    disabled_.insert(std::move(id));
  }

 private:
  mutable std::mutex mutex_;
  std::set<std::string> disabled_;
  static policy::Account account(const std::string& id, std::optional<std::uint64_t> quota) {
    return policy::Account{.id = id,
                           .address = *mail::EmailAddress::parse(id + "@office.example"),
                           .enabled = true,
                           .is_operator = false,
                           .quota = quota,
                           .credential = id};
  }
};

}  // namespace

struct ImapServer::Inner {
  std::filesystem::path folder;
  TwoAccounts accounts;
  ThreadPool pool{2, 1000}, scratch_pool{1, 1000};
  Context context;
  std::promise<int> port;
  int bound = 0;
  std::promise<void> stop;
  Loop* loop = nullptr;
  Event* stopping = nullptr;
  std::thread thread;

  Task<> serve_until_stopped(Event& stop_now) {
    mailbox::Mailboxes mailboxes;
    context.mailboxes = &mailboxes;
    mailbox::AccountHub::Options options;
    options.folder = folder;
    mailbox::AccountHub hub(Loop::current(), pool, options, summarise);
    mailboxes.add(hub);
    TaskGroup sessions;
    {
      net::Listener listener(
          Loop::current(), *net::Address::parse("127.0.0.1:0"),
          [this](net::Stream stream) { return serve(std::move(stream), context); }, sessions);
      port.set_value(listener.bound().port());
      co_await stop_now.wait();
      listener.stop();
    }
    co_await sessions.close();
    co_await hub.close();
  }

  void run() {
    Loop own;
    Event stop_now;
    loop = &own;
    stopping = &stop_now;
    own.run_until_done(serve_until_stopped(stop_now));
  }
};

ImapServer::ImapServer(net::TlsOffer policy, std::uint64_t message_size)
    : inner_(std::make_unique<Inner>()) {
  char name[] = "/tmp/imap-test-XXXXXX";
  inner_->folder = ::mkdtemp(name);
  inner_->context.tls_offer = policy;
  inner_->context.hostname = "mail.office.example";
  inner_->context.authenticator = &inner_->accounts;
  inner_->context.pool = &inner_->scratch_pool;
  inner_->context.scratch_folder = inner_->folder;
  inner_->context.message_size = message_size;
  inner_->thread = std::thread([inner = inner_.get()] { inner->run(); });
  inner_->bound = inner_->port.get_future().get();
}

ImapServer::~ImapServer() {
  inner_->loop->post([inner = inner_.get()] { inner->stopping->set(); });
  inner_->thread.join();
  std::filesystem::remove_all(inner_->folder);
}

int ImapServer::port() const { return inner_->bound; }

void ImapServer::disable(std::string account) { inner_->accounts.disable(std::move(account)); }

ImapClient::ImapClient(const ImapServer& server)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const timeval limit{10, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(server.port()));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error("cannot connect");
}

ImapClient ImapClient::of(const ImapServer& server, std::string_view user,
                          std::string_view password) {
  ImapClient client(server);
  client.line();
  client.say("LOGIN " + std::string(user) + " " + std::string(password));
  return client;
}

ImapClient::~ImapClient() {
  if (socket_ >= 0) ::close(socket_);
}

ImapClient::ImapClient(ImapClient&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)), buffer_(std::move(other.buffer_)) {}

void ImapClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) throw std::runtime_error("cannot send");
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

void ImapClient::fill() {
  char block[65536];
  const ssize_t count = ::recv(socket_, block, sizeof block, 0);
  if (count == 0) throw std::runtime_error("the server closed the connection");
  if (count < 0)
    throw std::runtime_error(errno == EAGAIN ? "no answer within ten seconds"
                                             : "the connection broke");
  buffer_.append(block, static_cast<std::size_t>(count));
}

std::string ImapClient::take(std::size_t count) {
  while (buffer_.size() < count) fill();
  std::string taken = buffer_.substr(0, count);
  buffer_.erase(0, count);
  return taken;
}

std::string ImapClient::raw_line() {
  std::size_t end;
  while ((end = buffer_.find("\r\n")) == std::string::npos) fill();
  std::string text = take(end + 2);
  text.resize(end);
  return text;
}

std::string ImapClient::line() {
  std::string text = raw_line();
  while (const auto literal = literal_at_end(text)) {
    text += "\r\n" + take(literal->size);
    text += raw_line();
  }
  if (const auto reply = postern::test::read_imap_reply(text); !reply)
    throw std::runtime_error("not IMAP: " + reply.error());
  return text;
}

std::vector<std::string> ImapClient::say(std::string_view command) {
  send("t " + std::string(command) + "\r\n");
  std::vector<std::string> lines;
  while (true) {
    lines.push_back(line());
    if (!lines.back().starts_with("t ")) continue;
    lines.back().erase(0, 2);
    return lines;
  }
}

std::string ImapClient::append(std::string_view folder, std::string_view message,
                               std::string_view flags) {
  std::string command = "APPEND " + std::string(folder);
  if (!flags.empty()) command += " (" + std::string(flags) + ")";
  return ask(command + " {" + std::to_string(message.size()) + "+}\r\n" + std::string(message));
}

bool ImapClient::is_closed() {
  char byte;
  return ::recv(socket_, &byte, 1, MSG_PEEK) == 0;
}

bool holds(const Lines& lines, std::string_view line) {
  return std::ranges::find(lines, line) != lines.end();
}

bool mentions(const Lines& lines, std::string_view part) {
  return std::ranges::any_of(lines, [&](const std::string& line) { return line.contains(part); });
}

std::string message(int number, std::string_view body) {
  const std::string n = std::to_string(number);
  return "From: Ann <ann@office.example>\r\nTo: bob@office.example\r\nSubject: number " + n +
         "\r\nMessage-ID: <" + n + "@fill>\r\nDate: Tue, 24 Nov 2026 10:00:00 +0000\r\n\r\n" +
         std::string(body);
}

ImapClient with_messages(const ImapServer& server, int count) {
  ImapClient client = ImapClient::of(server);
  for (int number = 1; number <= count; ++number) {
    if (!client.append("INBOX", message(number)).starts_with("OK [APPENDUID"))
      throw std::runtime_error("APPEND failed");
  }
  client.say("SELECT INBOX");
  return client;
}

}  // namespace postern::imap::test
