// tests/unit/relay/http/fake_application.h: answers with what it was asked, so that a test sees how
// a request was understood.
#pragma once

#include "relay/http/connection.h"

namespace postern::http {

/// "METHOD path body". What lies below /private is refused at the head; /broken and /away throw.
class Echo : public Application {
 public:
  Task<std::optional<Problem>> admit(Request& request) override {
    if (request.path.starts_with("/private")) co_return Problem{401, "Unauthorized", ""};
    co_return std::nullopt;
  }
  Task<Response> answer(Request request) override {
    ++answered;
    if (request.path == "/broken") throw std::logic_error("nobody foresaw this");
    if (request.path == "/away") throw IoError("Redis is away");
    Response response;
    response.body = request.method + " " + request.raw_path + " " + request.body;
    response.content_type = "text/plain";
    co_return response;
  }
  std::size_t answered = 0;
};

}  // namespace postern::http
