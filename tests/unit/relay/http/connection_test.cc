// tests/unit/relay/http/connection_test.cc: connections over a socket pair, with an application
// that says how it understood a request.
#include "relay/http/connection.h"

#include <catch2/catch.hpp>

#include "../../core/net/stream_pair.h"
#include "core/async/task_group.h"
#include "fake_application.h"

using namespace postern;
using namespace std::chrono_literals;

namespace {

class Client {
 public:
  explicit Client(http::RequestLimits limits = {}) {
    group_.spawn(http::serve(std::move(pair_.server), application, limits, idle));
  }
  ~Client() {
    pair_.client.close();
    loop_.run_until_done(group_.close());
  }
  void send(std::string text) { loop_.run_until_done(send_all(std::move(text))); }
  /// The status line and the body of the next response.
  std::string response() { return loop_.run_until_done(read_response()); }
  std::string ask(std::string text) {
    send(std::move(text));
    return response();
  }
  bool is_closed() { return loop_.run_until_done(read_end()); }

  http::Echo application;
  net::IdleSessions idle;
  std::string head;  ///< of the last response

 private:
  Task<> send_all(std::string text) {
    co_await pair_.client.write(text);
    co_await pair_.client.flush(5s);
  }
  Task<std::string> read_response() {
    std::string status, body;
    std::size_t length = 0;
    head.clear();
    for (;;) {
      const auto line = co_await pair_.client.read_line(1000, 5s);
      if (line.text.empty()) break;
      head += std::string(line.text) + "\n";
      if (status.empty()) status = line.text.substr(line.text.find(' ') + 1);
      if (line.text.starts_with("Content-Length: "))
        length = std::stoul(std::string(line.text.substr(16)));
    }
    while (body.size() < length) body += co_await pair_.client.read_some(length - body.size(), 5s);
    co_return status + "|" + body;
  }
  Task<bool> read_end() {
    try {
      co_await pair_.client.read_some(1, 5s);
    } catch (const ConnectionClosed&) {
      co_return true;
    }
    co_return false;
  }

  Loop loop_;
  net::StreamPair pair_{loop_};
  TaskGroup group_;
};

const std::string host = "Host: a\r\n";

}  // namespace

TEST_CASE("requests on one connection are answered one after the other") {
  Client client;
  client.send("GET /a HTTP/1.1\r\n" + host + "\r\nPOST /b?c=d HTTP/1.1\r\n" + host +
              "Content-Length: 3\r\n\r\nxyzPOST /c HTTP/1.1\r\n" + host +
              "Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;a=b\r\nllo\r\n0\r\n\r\n");
  CHECK(client.response() == "200 OK|GET /a ");
  CHECK(client.response() == "200 OK|POST /b xyz");
  CHECK(client.response() == "200 OK|POST /c hello");
}

TEST_CASE("a connection ends where two readers could see two different requests") {
  const std::string post = "POST /x HTTP/1.1\r\n" + host;
  const std::string chunked = post + "Transfer-Encoding: chunked\r\n\r\n";
  for (const std::string& doubtful :
       {post + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
        post + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        post + "Content-Length : 3\r\n\r\nabc", post + "X: a\r\n b\r\n\r\n",
        post + "Host: b\r\n\r\n", std::string("GET / HTTP/1.1\nHost: a\n\n"),
        chunked + "3\nabc\r\n0\r\n\r\n", chunked + "3\r\nabcd\r\n0\r\n\r\n",
        chunked + "0x3\r\nabc\r\n0\r\n\r\n", chunked + "-3\r\nabc\r\n0\r\n\r\n",
        chunked + "fffffffffffffffff\r\nabc\r\n0\r\n\r\n"}) {
    INFO(doubtful);
    Client client;
    CHECK(client.ask(doubtful + "GET /next HTTP/1.1\r\n" + host + "\r\n").starts_with("4"));
    CHECK(client.is_closed());
    CHECK(client.application.answered == 0);
  }
}

TEST_CASE("a path or query with a broken escape or a control character in one is refused") {
  for (const char* target : {"/a%0", "/a%zz", "/a%00", "/a%0D%0Ab", "/a?b=%1f", "/a?%7F=b"}) {
    CAPTURE(target);
    Client client;
    CHECK(client.ask("GET " + std::string(target) + " HTTP/1.1\r\n" + host + "\r\n")
              .starts_with("400 "));
    CHECK(client.is_closed());
  }
  Client client;
  CHECK(client.ask("GET /caf%C3%A9 HTTP/1.1\r\n" + host + "\r\n").starts_with("200 "));
}

TEST_CASE("credentials are asked for before the body is read, and the body is no request") {
  Client client;
  CHECK(client.ask("POST /private HTTP/1.1\r\n" + host + "Content-Length: 1000\r\n\r\n")
            .starts_with("401"));
  client.send("GET /next HTTP/1.1\r\n" + host + "\r\n");
  CHECK(client.is_closed());
  CHECK(client.application.answered == 0);
}

TEST_CASE("who may not ask is told nothing about paths, queries and lengths") {
  for (const std::string line : {"GET /private/%zz HTTP/1.1\r\n", "GET /private/%00 HTTP/1.1\r\n",
                                 "GET /private?x=%zz HTTP/1.1\r\n",
                                 "POST /private HTTP/1.1\r\nContent-Length: 999999999999999\r\n"}) {
    CAPTURE(line);
    Client client;
    CHECK(client.ask(line + host + "\r\n").starts_with("401 "));
  }
}

TEST_CASE("a body over the limit is refused by its length") {
  Client client({.body = 10});
  CHECK(client.ask("POST / HTTP/1.1\r\n" + host + "Content-Length: 11\r\n\r\n").starts_with("413"));
}

TEST_CASE("a body over the limit is refused in chunks") {
  Client client({.body = 10});
  CHECK(client
            .ask("POST / HTTP/1.1\r\n" + host +
                 "Transfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n0\r\n\r\n")
            .starts_with("413"));
}

TEST_CASE("a head may be as long as its limit says, and one that is longer is 431") {
  const std::string line =
      "GET /?to=" + std::string(300'000, 'x') + " HTTP/1.1\r\n" + host + "\r\n";
  {
    Client patient({.head = line.size()});
    CHECK(patient.ask(line) == "200 OK|GET / ");
    CHECK(patient.ask("GET /next HTTP/1.1\r\n" + host + "\r\n") == "200 OK|GET /next ");
  }
  Client strict({.head = line.size() - 1});
  CHECK(strict.ask(line).starts_with("431 "));
  CHECK(strict.is_closed());
}

TEST_CASE("a head without end is refused at 64 KiB, and one below that is read") {
  const std::string get = "GET / HTTP/1.1\r\n" + host;
  const auto field = [](std::size_t size) { return "X: " + std::string(size, 'x') + "\r\n"; };
  Client client;
  CHECK(client.ask(get + field(9'000) + "\r\n") == "200 OK|GET / ");
  CHECK(client.ask(get + field(30'000) + field(30'000) + "\r\n") == "200 OK|GET / ");
  CHECK(client.ask(get + field(40'000) + field(40'000)).starts_with("431 "));
  CHECK(client.is_closed());
}

TEST_CASE("a connection that waits between two requests ends at a shutdown") {
  Client client;
  CHECK(client.ask("GET / HTTP/1.1\r\n" + host + "\r\n") == "200 OK|GET / ");
  client.idle.close_all();
  CHECK(client.is_closed());
}

TEST_CASE("a request on its way at a shutdown gets its answer") {
  Client client;
  CHECK(client.ask("POST / HTTP/1.1\r\n" + host +
                   "Content-Length: 3\r\nExpect: 100-continue\r\n\r\n") == "100 Continue|");
  client.idle.close_all();
  CHECK(client.ask("abc") == "200 OK|POST / abc");
  CHECK(client.is_closed());
}

TEST_CASE("what a handler did not foresee is answered with 500, and the connection goes on") {
  Client client;
  const auto broken = client.ask("GET /broken HTTP/1.1\r\n" + host + "\r\n");
  CHECK(broken.starts_with("500 Internal Server Error|"));
  CHECK(broken.find("foresaw") == std::string::npos);
  CHECK(client.ask("GET /next HTTP/1.1\r\n" + host + "\r\n") == "200 OK|GET /next ");
}

TEST_CASE("trouble outside of us is answered with 503 that says which") {
  Client client;
  const auto away = client.ask("GET /away HTTP/1.1\r\n" + host + "\r\n");
  CHECK(away.starts_with("503 "));
  CHECK(away.find("Redis is away") != std::string::npos);
}

TEST_CASE("a response tells its date (RFC 9110 6.6.1)") {
  Client client;
  client.ask("GET / HTTP/1.1\r\n" + host + "\r\n");
  const std::size_t at = client.head.find("\nDate: ");
  REQUIRE(at != std::string::npos);
  const std::string date = client.head.substr(at + 7, client.head.find('\n', at + 1) - at - 7);
  std::tm time{};
  const char* const end = ::strptime(date.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &time);
  REQUIRE(end != nullptr);
  CHECK(*end == '\0');
  CHECK(date.size() == 29);
  CHECK(std::abs(std::difftime(::timegm(&time), std::time(nullptr))) < 60);
}

TEST_CASE("Expect is understood in any case, and not heard from HTTP/1.0 (RFC 9110 10.1.1)") {
  const std::string expect = "Content-Length: 3\r\nExpect: 100-Continue\r\n\r\n";
  {
    Client client;
    CHECK(client.ask("POST / HTTP/1.1\r\n" + host + expect) == "100 Continue|");
    CHECK(client.ask("abc") == "200 OK|POST / abc");
  }
  Client old;
  CHECK(old.ask("POST / HTTP/1.0\r\n" + expect + "abc") == "200 OK|POST / abc");
}

TEST_CASE("a connection of HTTP/1.0 is kept where it asks for it, and is told so") {
  Client client;
  const std::string get = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
  CHECK(client.ask(get) == "200 OK|GET / ");
  CHECK(client.head.find("\nConnection: keep-alive\n") != std::string::npos);
  CHECK(client.ask("GET / HTTP/1.0\r\n\r\n") == "200 OK|GET / ");
  CHECK(client.head.find("\nConnection: close\n") != std::string::npos);
  CHECK(client.is_closed());
}

TEST_CASE("a target may name the server, and the server as a whole may be asked") {
  Client client;
  CHECK(client.ask("GET http://other/a?b HTTP/1.1\r\n" + host + "\r\n") == "200 OK|GET /a ");
  CHECK(client.ask("OPTIONS * HTTP/1.1\r\n" + host + "\r\n") == "200 OK|OPTIONS * ");
}
