// tests/unit/core/redis/reply_test.cc: the codec and the URL.
#include "core/redis/reply.h"

#include <catch2/catch.hpp>

#include "core/error.h"
#include "core/redis/connection.h"

using namespace postern;
using namespace postern::redis;

TEST_CASE("a reply is read whole, however it is cut") {
  const std::string wire =
      "*4\r\n:42\r\n$3\r\na\r\n\r\n*2\r\n+OK\r\n$-1\r\n$2\r\n17\r\n-ERR no\r\n";
  for (std::size_t cut = 0; cut <= wire.size(); ++cut) {
    Decoder decoder;
    decoder.feed(wire.substr(0, cut));
    auto reply = decoder.next();
    decoder.feed(wire.substr(cut));
    if (!reply) reply = decoder.next();
    REQUIRE(reply);
    CHECK(reply->at(0).integer() == 42);
    CHECK(reply->at(1).text == "a\r\n");
    CHECK(reply->at(2).at(0).text == "OK");
    CHECK(reply->at(2).at(1).is_nil());
    CHECK(reply->at(3).integer() == 17);
    CHECK(reply->at(9).is_nil());
    const auto error = decoder.next();
    REQUIRE(error);
    CHECK(error->is_error());
    CHECK(error->text == "ERR no");
  }
}

TEST_CASE("what is not RESP, or would need too much memory, is an error") {
  for (const char* wire :
       {"hello\r\n", "*2000000000\r\n", "*1000000\r\n*1000000\r\n:1\r\n", "$abc\r\n"}) {
    Decoder decoder;
    decoder.feed(wire);
    CHECK_THROWS_AS(decoder.next(), IoError);
  }
}

TEST_CASE("a command is written with lengths, so that any bytes may pass") {
  std::string wire = "before";
  encode({"SET", "a", std::string("\0\r\n", 3)}, wire);
  CHECK(wire == std::string("before*3\r\n$3\r\nSET\r\n$1\r\na\r\n$3\r\n\0\r\n\r\n", 35));
}

TEST_CASE("the URL of a Redis says where, who and which database") {
  const auto unix_url = Url::parse("unix:///run/redis.sock");
  REQUIRE(unix_url);
  CHECK(unix_url->socket == "/run/redis.sock");
  const auto tcp = Url::parse("redis://us%65r:p%40ss@db.example:7000/3");
  REQUIRE(tcp);
  CHECK(tcp->user == "user");
  CHECK(tcp->password == "p@ss");
  CHECK(tcp->host == "db.example");
  CHECK(tcp->port == 7000);
  CHECK(tcp->database == 3);
  CHECK(tcp->text() == "redis://db.example:7000/3");
  CHECK(Url::parse("redis://[::1]")->host == "::1");
  CHECK(Url::parse("redis://:secret@h")->password == "secret");
  for (const char* bad :
       {"", "http://a", "redis://", "redis://h:0", "redis://h:99999", "redis://h/x", "redis://[::1",
        "redis://u:%zz@h", "unix://", "redis://h h"}) {
    CAPTURE(bad);
    CHECK_FALSE(Url::parse(bad).has_value());
  }
}
