// tests/fuzz/http_connection_fuzz.cc: whole HTTP connections of strangers, against a model that
// reads the same bytes: what is answered with 200 was one request and no other. The first octet
// chooses the packets.
#include "../unit/relay/http/fake_application.h"
#include "http_model.h"
#include "session_driver.h"

namespace {

using namespace postern;

void compare(std::string_view sent, std::string_view said) {
  while (!said.empty()) {
    const bool is_head = sent.starts_with("HEAD ");  // refused before its body came, if it must be
    const auto request = fuzz::take_request(sent);
    auto response = fuzz::take_response(said, is_head);
    if (response.status == 100 && said.empty()) break;  // the body never came
    if (response.status == 100) response = fuzz::take_response(said, is_head);
    if (response.status != 200) {
      // Refused: the connection goes on only where the request's end is beyond doubt.
      POSTERN_ASSERT(said.empty() || request);
      continue;
    }
    POSTERN_ASSERT(request.has_value());
    const std::string understood = request->method + " " + request->path + " " + request->body;
    POSTERN_ASSERT(is_head || response.body == understood);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view sent(reinterpret_cast<const char*>(data + 1), size - 1);
  http::Echo application;
  net::IdleSessions idle;
  http::RequestLimits limits;
  limits.body = 1000;
  const std::string said = fuzz::converse(
      [&](net::Stream stream) { return http::serve(std::move(stream), application, limits, idle); },
      sent, data[0] == 0 ? sent.size() + 1 : data[0]);
  compare(sent, said);
  return 0;
}
