// tests/unit/relay/http/head_check_test.cc: heads that two readers could take differently are
// refused.
#include "relay/http/head_check.h"

#include <catch2/catch.hpp>

using postern::http::check_head;

TEST_CASE("a plain request passes") {
  CHECK(check_head("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  CHECK(check_head("GET /v1/status?x=1 HTTP/1.0\r\n\r\n"));
  CHECK(check_head("POST /v1/messages HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nX:\r\n\r\n"));
  CHECK(check_head("POST /v1/messages HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"));
}

TEST_CASE("a doubtful head is refused") {
  const std::string host = "POST / HTTP/1.1\r\nHost: a\r\n";
  const std::string wrong[] = {"\r\n",
                               "GET / HTTP/1.1\r\n\r\n",
                               "GET / HTTP/1.1\nHost: a\n\n",
                               "GET  HTTP/1.1\r\nHost: a\r\n\r\n",
                               "GET / HTTP/2.0\r\nHost: a\r\n\r\n",
                               "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
                               "GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n",
                               "GET http:/x HTTP/1.1\r\nHost: a\r\n\r\n",
                               "GET http://a@b/x HTTP/1.1\r\nHost: a\r\n\r\n",
                               "GET http://a\\b/x HTTP/1.1\r\nHost: a\r\n\r\n",
                               "GET * HTTP/1.1\r\nHost: a\r\n\r\n",
                               "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n",
                               "G(T / HTTP/1.1\r\nHost: a\r\n\r\n",
                               host + "Host: b\r\n\r\n",
                               host + "X : 1\r\n\r\n",
                               host + "X: 1\r\n folded\r\n\r\n",
                               host + "X: a\rb\r\n\r\n",
                               host + "X: a\nb\r\n\r\n",
                               host + std::string("X: a\0b\r\n\r\n", 10),
                               host + "Content-Length: 1\r\nContent-Length: 1\r\n\r\n",
                               host + "Content-Length: +1\r\n\r\n",
                               host + "Content-Length: 1, 1\r\n\r\n",
                               host + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                               host + "Transfer-Encoding: xchunked\r\n\r\n",
                               host + "Transfer-Encoding: gzip, chunked\r\n\r\n",
                               "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
                               host + "\r\nleft over"};
  for (const std::string& head : wrong) {
    INFO(head);
    CHECK(!check_head(head));
  }
}

TEST_CASE("a head whose fields are too many or too long is refused with 431") {
  std::string many;
  for (std::size_t i = 0; i <= postern::http::most_fields; ++i) many += "X: 1\r\n";
  const std::string long_one = "X: " + std::string(postern::http::longest_field, 'x') + "\r\n";
  for (const std::string& fields : {many, long_one}) {
    const auto verdict = check_head("GET / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n");
    REQUIRE(!verdict);
    CHECK(verdict.error().status == 431);
  }
}

TEST_CASE("of an absolute target the path counts") {
  using postern::http::origin_form;
  CHECK(origin_form("http://host/v1/status?x=/") == "/v1/status?x=/");
  CHECK(origin_form("HTTPS://[::1]:443/a//b") == "/a//b");
  CHECK(origin_form("http://host") == "/");
  CHECK(origin_form("http://host?x") == "/?x");
  CHECK(origin_form("/http://host/x") == "/http://host/x");
  CHECK(origin_form("*") == "*");
  CHECK(check_head("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"));
  CHECK(check_head("GET http://b:80/x HTTP/1.1\r\nHost: a\r\n\r\n"));
}
