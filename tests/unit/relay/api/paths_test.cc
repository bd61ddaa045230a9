// tests/unit/relay/api/paths_test.cc: what each path can be asked with.
#include "relay/api/paths.h"

#include <catch2/catch.hpp>

using namespace postern;

namespace {

std::string allowed(std::string path) {
  http::Request request;
  request.path = request.raw_path = std::move(path);
  return http::allowed_methods(request);
}

}  // namespace

TEST_CASE("HEAD is there wherever GET is, and OPTIONS on every path that there is") {
  for (const char* path : {"/metrics", "/healthz", "/readyz", "/v1/status", "/v1/queue",
                           "/v1/queue/0123456789ABC", "/v1/queue/0123456789ABC/raw", "/v1/messages",
                           "/v1/messages/0123456789ABC", "/v1/queue/hold", "/v1/reload",
                           "/v1/accounts", "/v1/accounts/a%40b.example", "/v1/aliases", "*"}) {
    CAPTURE(path);
    const std::string methods = allowed(path);
    CHECK(http::allows(methods, "OPTIONS"));
    CHECK(http::allows(methods, "GET") == http::allows(methods, "HEAD"));
    CHECK_FALSE(http::allows(methods, "TRACE"));
    CHECK_FALSE(http::allows(methods, "GE"));
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
  http::Request request;
  request.method = "PUT";
  const auto refused = http::methods_response(request, "GET, HEAD, OPTIONS");
  CHECK(refused.status == 405);
  CHECK(refused.fields == http::Fields{{"Allow", "GET, HEAD, OPTIONS"}});
  request.method = "OPTIONS";
  CHECK(http::methods_response(request, "GET, HEAD, OPTIONS").status == 200);
}
