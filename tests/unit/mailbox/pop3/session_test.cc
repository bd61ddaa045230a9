// tests/unit/mailbox/pop3/session_test.cc: POP3 conversations over loopback.
#include "mailbox/pop3/session.h"

#include <catch2/catch.hpp>

#include "core/async/task_group.h"
#include "core/net/listener.h"
#include "tests/unit/mailbox/store/temporary_folder.h"

using namespace postern;
using namespace postern::mailbox;

namespace {

constexpr std::chrono::seconds patience{10};

/// Knows ann, whose password is "secret".
class OneUser : public policy::Authenticator {
 public:
  Task<std::expected<policy::Account, policy::AuthFailure>> login(std::string user,
                                                                  std::string password,
                                                                  policy::Scope scope,
                                                                  net::Address) override {
    CHECK(scope == policy::Scope::pop3);
    if (user == "busy") co_return std::unexpected(policy::AuthFailure::unavailable);
    if (user != "ann" || password != "secret") {
      co_return std::unexpected(policy::AuthFailure::bad_credentials);
    }
    policy::Account account{.id = "ann", .address = *mail::EmailAddress::parse("ann@a.example")};
    co_return account;
  }
  bool is_live(const std::string&) const override { return live; }
  bool live = true;
};

struct Server {
  TemporaryFolder folder;
  ThreadPool pool{2, 100};
  Loop loop;
  AccountHub hub{loop, pool, {.folder = folder.path}, [](std::string_view) { return Summary{}; }};
  Mailboxes mailboxes;
  OneUser users;
  TaskGroup sessions;
  std::optional<net::Listener> listener;

  explicit Server(net::TlsOffer policy = net::TlsOffer::optional) {
    mailboxes.add(hub);
    listener.emplace(
        loop, *net::Address::parse("127.0.0.1:0"),
        [this, policy](net::Stream stream) {
          pop3::Context context;
          context.tls_offer = policy;
          context.hostname = "pop.example";
          context.authenticator = &users;
          context.mailboxes = &mailboxes;
          return pop3::serve(std::move(stream), std::move(context));
        },
        sessions);
  }
  ~Server() {
    listener.reset();
    loop.run_until_done(sessions.close());
    loop.run_until_done(hub.close());
  }
  void deliver(std::string key, std::string text) {
    loop.run_until_done(mailboxes.deliver("ann", {}, std::move(key), "INBOX",
                                          {.content = Content::of(std::move(text))}));
  }
  /// Sends all at once and gives all that comes until the server closes.
  std::string talk(std::string input) {
    return loop.run_until_done(conversation(listener->bound(), std::move(input)));
  }
  static Task<std::string> conversation(net::Address address, std::string input) {
    net::Stream stream = co_await net::Stream::connect(address, patience);
    co_await stream.write(input);
    co_await stream.flush(patience);
    std::string output;
    try {
      while (true) output += co_await stream.read_some(65536, patience);
    } catch (const ConnectionClosed&) {
    }
    co_return output;
  }
};

constexpr std::string_view greeting = "+OK pop.example POP3 postern\r\n";
const std::string login = "USER ann\r\nPASS secret\r\n";

std::string after_login(std::string_view output) {
  const std::size_t at = output.find("+OK Maildrop");
  REQUIRE(at != std::string_view::npos);
  return std::string(output.substr(output.find("\r\n", at) + 2));
}

}  // namespace

TEST_CASE("a whole POP3 session in one packet") {
  Server server;
  server.deliver("1", "Subject: one\r\n\r\n.dot\r\nend\r\n");
  server.deliver("2", "Subject: two\r\n\r\nbody\r\n");
  const std::string output = server.talk(
      login +
      "STAT\r\nLIST\r\nRETR 1\r\nTOP 2 0\r\nDELE 1\r\nRETR 1\r\nLIST 2\r\nNOOP\r\nQUIT\r\n");
  CHECK(output.starts_with(greeting));
  CHECK(after_login(output) ==
        "+OK 2 49\r\n"
        "+OK\r\n1 27\r\n2 22\r\n.\r\n"
        "+OK 27 octets\r\nSubject: one\r\n\r\n..dot\r\nend\r\n.\r\n"
        "+OK 22 octets\r\nSubject: two\r\n\r\n.\r\n"
        "+OK\r\n"
        "-ERR No such message\r\n"
        "+OK 2 22\r\n"
        "+OK\r\n"
        "+OK Bye\r\n");
  CHECK(after_login(server.talk(login + "STAT\r\nQUIT\r\n")).starts_with("+OK 1 22\r\n"));
}

TEST_CASE("DELE without QUIT deletes nothing, nor does a QUIT whose line has no end") {
  Server server;
  server.deliver("1", "a: b\r\n\r\n");
  {
    const auto cut = [](net::Address address) -> Task<> {
      net::Stream stream = co_await net::Stream::connect(address, patience);
      co_await stream.write(login + "DELE 1\r\nQUIT");
      co_await stream.flush(patience);
      for (int lines = 0; lines < 4; ++lines) co_await stream.read_line(512, patience);
      stream.close();
    };
    server.loop.run_until_done(cut(server.listener->bound()));
  }
  std::string output;
  for (int tries = 0; tries < 50 && output.find("+OK Maildrop") == std::string::npos; ++tries) {
    output = server.talk(login + "STAT\r\nQUIT\r\n");  // the other session may have the lock still
  }
  CHECK(after_login(output).starts_with("+OK 1 8\r\n"));
}

TEST_CASE("RSET takes the marks back") {
  Server server;
  server.deliver("1", "a: b\r\n\r\n");
  server.talk(login + "DELE 1\r\nRSET\r\nQUIT\r\n");
  CHECK(after_login(server.talk(login + "STAT\r\nQUIT\r\n")).starts_with("+OK 1 8\r\n"));
}

TEST_CASE("a second session on one maildrop is told IN-USE") {
  Server server;
  server.deliver("1", "a: b\r\n\r\n");
  const auto both = [](net::Address address) -> Task<std::string> {
    net::Stream first = co_await net::Stream::connect(address, patience);
    co_await first.write(login);
    co_await first.flush(patience);
    for (int lines = 0; lines < 3; ++lines) co_await first.read_line(512, patience);
    co_return co_await Server::conversation(address, login);
  };
  CHECK(server.loop.run_until_done(both(server.listener->bound())).find("-ERR [IN-USE]") !=
        std::string::npos);
}

TEST_CASE("authorization") {
  struct Case {
    std::string input;
    std::string expected;
  };
  // clang-format off
  const auto [input, expected] = GENERATE(
      Case{"AUTH PLAIN AGFubgBzZWNyZXQ=\r\nQUIT\r\n", "+OK Maildrop has 0 messages"},
      Case{"AUTH PLAIN\r\nAGFubgBzZWNyZXQ=\r\nQUIT\r\n", "+ \r\n+OK Maildrop"},
      Case{"AUTH PLAIN\r\n*\r\nQUIT\r\n", "-ERR Aborted"},
      Case{"AUTH PLAIN Ym9iAGFubgBzZWNyZXQ=\r\nQUIT\r\n", "-ERR Bad response"},
      Case{"AUTH LOGIN\r\nQUIT\r\n", "-ERR Unknown mechanism"},
      Case{"USER ann\r\nPASS wrong\r\nQUIT\r\n", "-ERR [AUTH]"},
      Case{"USER busy\r\nPASS x\r\nQUIT\r\n", "-ERR [SYS/TEMP]"},
      Case{"PASS secret\r\nQUIT\r\n", "-ERR Send USER first"},
      Case{"STAT\r\nQUIT\r\n", "-ERR Not now"},
      Case{"STLS\r\nQUIT\r\n", "-ERR TLS is not available"},
      Case{std::string(9000, 'x') + "\r\nQUIT\r\n", "-ERR Line too long\r\n+OK Bye"},
      Case{"CAPA\r\nQUIT\r\n", "SASL PLAIN\r\n.\r\n"});
  // clang-format on
  Server server;
  CHECK(server.talk(input).find(expected) != std::string::npos);
}

TEST_CASE("three failed logins close the connection") {
  Server server;
  const std::string output =
      server.talk("USER a\r\nPASS b\r\nUSER a\r\nPASS b\r\nUSER a\r\nPASS b\r\nUSER ann\r\n");
  CHECK(output.ends_with("-ERR [AUTH] Name or password is wrong\r\n"));
}

TEST_CASE("without TLS no login is offered or taken where TLS is required") {
  Server server(net::TlsOffer::required);
  const std::string output =
      server.talk("CAPA\r\nUSER ann\r\nPASS secret\r\nAUTH PLAIN AGFubgBzZWNyZXQ=\r\nQUIT\r\n");
  CHECK(output.find("SASL") == std::string::npos);
  CHECK(output.find("Maildrop") == std::string::npos);
  CHECK(output.find("-ERR Send STLS first") != std::string::npos);
}

namespace {

/// Logs in, lets `meanwhile` happen, says NOOP, and gives what comes after the login.
Task<std::string> interrupted(Server* server, std::function<Task<>()> meanwhile) {
  net::Stream stream = co_await net::Stream::connect(server->listener->bound(), patience);
  co_await stream.write(login);
  for (int lines = 0; lines < 3; ++lines) co_await stream.read_line(512, patience);
  co_await meanwhile();
  std::string output;
  try {
    co_await stream.write("NOOP\r\n");
    while (true) output += co_await stream.read_some(65536, patience);
  } catch (const ConnectionClosed&) {
  }
  co_return output;
}

}  // namespace

TEST_CASE("a reader who is there when the server stops is told so") {
  Server server;
  const auto stop = [&server]() -> Task<> { return server.hub.close(); };
  CHECK(server.loop.run_until_done(interrupted(&server, stop)) ==
        "-ERR [SYS/TEMP] Server is shutting down\r\n");
}

TEST_CASE("an account that is disabled loses its POP3 session at the next command") {
  Server server;
  server.deliver("1", "a: b\r\n\r\n");
  const auto disable = [&server]() -> Task<> {
    server.users.live = false;
    co_return;
  };
  CHECK(server.loop.run_until_done(interrupted(&server, disable)) ==
        "-ERR [SYS/PERM] Your login is good no more\r\n");
}

TEST_CASE("a client may ask for any number of messages that are gone and still quit in peace") {
  Server server;
  server.deliver("1", "a: 1\r\n\r\n");
  std::string input = login + "DELE 1\r\n";
  for (int i = 0; i < 60; ++i) input += "RETR 1\r\n";
  CHECK(server.talk(input + "QUIT\r\n").ends_with("-ERR No such message\r\n+OK Bye\r\n"));
  CHECK(after_login(server.talk(login + "STAT\r\nQUIT\r\n")).starts_with("+OK 0 0\r\n"));
}

TEST_CASE("the maildrop is a snapshot: what arrives or goes meanwhile changes no number") {
  Server server;
  server.deliver("1", "a: 1\r\n\r\n");
  server.deliver("2", "a: 2\r\n\r\n");
  const auto change = [&server]() -> Task<> {
    const auto mailbox = co_await server.hub.open("ann");
    const auto inbox = co_await mailbox->open_folder("INBOX");
    co_await mailbox->write(&MailboxStore::expunge, (*inbox)->id, std::vector{Uid(1)}, true);
    co_await mailbox->append_all("INBOX", {{.content = Content::of("a: 3\r\n\r\n")}});
  };
  const auto talk = [](Server* there, std::function<Task<>()> meanwhile) -> Task<std::string> {
    net::Stream stream = co_await net::Stream::connect(there->listener->bound(), patience);
    co_await stream.write(login);
    for (int lines = 0; lines < 3; ++lines) co_await stream.read_line(512, patience);
    co_await meanwhile();
    co_await stream.write("STAT\r\nRETR 1\r\nRETR 2\r\nRETR 3\r\nQUIT\r\n");
    std::string output;
    try {
      while (true) output += co_await stream.read_some(65536, patience);
    } catch (const ConnectionClosed&) {
    }
    co_return output;
  };
  CHECK(server.loop.run_until_done(talk(&server, change)) ==
        "+OK 2 16\r\n-ERR No such message\r\n+OK 8 octets\r\na: 2\r\n\r\n.\r\n"
        "-ERR No such message\r\n+OK Bye\r\n");
}

TEST_CASE("a message that is expunged while it is sent arrives whole") {
  Server server;
  std::string text = "a: 1\r\n\r\n";  // more than the buffers between the two hold
  while (text.size() < 16'000'000) text += "a line of a long message\r\n";
  server.deliver("1", text);
  const auto expunge = [&server]() -> Task<> {
    const auto mailbox = co_await server.hub.open("ann");
    const auto inbox = co_await mailbox->open_folder("INBOX");
    co_await mailbox->write(&MailboxStore::expunge, (*inbox)->id, std::vector{Uid(1)}, true);
  };
  const auto talk = [](Server* there, std::function<Task<>()> meanwhile) -> Task<std::string> {
    net::Stream stream = co_await net::Stream::connect(there->listener->bound(), patience);
    co_await stream.write(login + "RETR 1\r\n");
    for (int lines = 0; lines < 5; ++lines) co_await stream.read_line(512, patience);
    co_await meanwhile();
    co_await stream.write("RETR 1\r\nQUIT\r\n");
    std::string output;
    try {
      while (true) output += co_await stream.read_some(65536, patience);
    } catch (const ConnectionClosed&) {
    }
    co_return output;
  };
  text.erase(0, text.find("\r\n") + 2);
  CHECK(server.loop.run_until_done(talk(&server, expunge)) ==
        text + ".\r\n-ERR No such message\r\n+OK Bye\r\n");
}
