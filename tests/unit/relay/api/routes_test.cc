// tests/unit/relay/api/routes_test.cc: what each path can be asked with, and by whom.
#include "relay/api/routes.h"

#include <catch2/catch.hpp>
#include <set>

using namespace postern;
using http::Caller;

namespace {

std::string allowed(std::string_view path, Caller caller = Caller::control) {
  return http::allowed_methods(http::routes(), path, caller);
}

/// Is `method` one of a list as in Allow?
bool allows(std::string_view allow, std::string_view method) {
  const std::string list = ", " + std::string(allow) + ",";
  return list.contains(", " + std::string(method) + ",");
}

http::Response answer_without_row(std::string method, std::string path, Caller caller,
                                  std::string body = {}) {
  http::Request request;
  request.method = std::move(method);
  request.path = request.raw_path = std::move(path);
  request.body = std::move(body);
  const auto call = http::find_route(http::routes(), request, caller);
  return call ? http::Response{.status = 0, .body = {}, .content_type = {}, .fields = {}}
              : call.error();
}

}  // namespace

TEST_CASE("HEAD is there wherever GET is, and OPTIONS on every path that there is") {
  for (const char* path : {"/metrics", "/healthz", "/readyz", "/v1/status", "/v1/queue",
                           "/v1/queue/0123456789ABC", "/v1/queue/0123456789ABC/raw", "/v1/messages",
                           "/v1/messages/0123456789ABC", "/v1/queue/hold", "/v1/reload",
                           "/v1/accounts", "/v1/accounts/a%40b.example", "/v1/aliases", "*"}) {
    CAPTURE(path);
    const std::string methods = allowed(path);
    CHECK(allows(methods, "OPTIONS"));
    CHECK(allows(methods, "GET") == allows(methods, "HEAD"));
    CHECK_FALSE(allows(methods, "TRACE"));
    CHECK_FALSE(allows(methods, "GE"));
  }
}

TEST_CASE("a path tells its methods") {
  CHECK(allowed("/v1/messages") == "GET, HEAD, POST, OPTIONS");
  CHECK(allowed("/v1/queue/retry") == "POST, OPTIONS");
  CHECK(allowed("/v1/queue/0123456789ABC") == "GET, HEAD, OPTIONS");
  CHECK(allowed("/v1/accounts/a%40b.example") == "GET, HEAD, DELETE, OPTIONS");
  CHECK(allowed("/v1/accounts/a%40b.example/password") == "PUT, OPTIONS");
  for (const char* nothing :
       {"/", "/v1/", "/v1/nothing", "/v1/queue/", "/v1/messages/", "/v1/queue/frobnicate",
        "/v1/messages/x", "/v1/accounts/a%40b.example/nothing", "/v1/queues",
        "/v1/queue/frobnicate", "/v1/messages/x", "/v1/queue/0123456789ABC/body"}) {
    CAPTURE(nothing);
    CHECK(allowed(nothing).empty());
  }
}

TEST_CASE("a method that a path does not know is 405 with those that it does") {
  const auto refused = answer_without_row("PUT", "/v1/status", Caller::account);
  CHECK(refused.status == 405);
  CHECK(refused.fields == http::Fields{{"Allow", "GET, HEAD, OPTIONS"}});
  const auto told = answer_without_row("OPTIONS", "/v1/status", Caller::account);
  CHECK(told.status == 200);
  CHECK(told.fields == http::Fields{{"Allow", "GET, HEAD, OPTIONS"}});
  CHECK(answer_without_row("GET", "/v1/nothing", Caller::control).status == 404);
}

TEST_CASE("the server as a whole knows the methods of all its paths") {
  for (const auto caller : {Caller::neighbour, Caller::submit, Caller::control}) {
    CHECK(allowed("*", caller) == "GET, HEAD, POST, PUT, DELETE, OPTIONS");
  }
}

TEST_CASE("an account is told nothing about paths that are an operator's") {
  for (const char* path : {"/v1/queue", "/v1/queue/hold", "/v1/queue/0123456789ABC",
                           "/v1/queue/nothing", "/v1/accounts", "/v1/accounts/a%40b.example",
                           "/v1/accounts/a/b/c/d", "/v1/aliases", "/v1/reload"}) {
    CAPTURE(path);
    for (const char* method : {"GET", "PUT", "OPTIONS"}) {
      CHECK(answer_without_row(method, path, Caller::account).status == 403);
      CHECK(answer_without_row(method, path, Caller::operators).status != 403);
    }
    CHECK(allowed(path, Caller::account).empty());
  }
}

TEST_CASE("on the socket for programs messages are taken, and nothing else is told") {
  CHECK(allowed("/v1/messages", Caller::submit) == "POST, OPTIONS");
  CHECK(answer_without_row("GET", "/v1/messages", Caller::submit).status == 405);
  for (const char* path : {"/metrics", "/healthz", "/v1/status", "/v1/messages/0123456789ABC",
                           "/v1/messages/nothing", "/v1/queue", "/nothing"}) {
    CAPTURE(path);
    CHECK(answer_without_row("GET", path, Caller::submit).status == 403);
  }
}

TEST_CASE("who has no name is near to the probes and to nothing else") {
  for (const http::Route& route : http::routes()) {
    CAPTURE(route.pattern);
    CHECK(route.who.contains(Caller::neighbour) == !route.pattern.starts_with("/v1/"));
  }
}

TEST_CASE("no two rows answer the same request of the same caller, and each has a summary") {
  std::set<std::tuple<std::string_view, std::string_view, Caller>> seen;
  for (const http::Route& route : http::routes()) {
    CAPTURE(route.method, route.pattern);
    CHECK(!route.summary.empty());
    for (const auto caller :
         {Caller::neighbour, Caller::account, Caller::operators, Caller::control, Caller::submit}) {
      if (route.who.contains(caller)) {
        CHECK(seen.emplace(route.method, route.pattern, caller).second);
      }
    }
  }
}

TEST_CASE("a body with a member that the row does not know is refused before its handler") {
  CHECK(answer_without_row("POST", "/v1/queue/hold", Caller::control, R"({"al":true})").status ==
        400);
  CHECK(answer_without_row("POST", "/v1/queue/hold", Caller::control, R"({"all":true})").status ==
        0);
  CHECK(answer_without_row("POST", "/v1/aliases", Caller::control, R"({"form":"x"})").status ==
        400);
  CHECK(answer_without_row("GET", "/v1/status", Caller::control, "not JSON").status == 0);
}
