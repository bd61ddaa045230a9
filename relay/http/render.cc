// relay/http/render.cc: status line, fields and body of a response (RFC 9112 §4).
#include "relay/http/render.h"

#include <fmt/chrono.h>

#include <boost/beast/http/status.hpp>
#include <ctime>

namespace postern::http {
namespace {

/// RFC 9110 §5.6.7; made once a second. A stamp, by the clock of the system.
const std::string& http_date() {
  thread_local std::time_t made_for = -1;
  thread_local std::string text;
  if (const std::time_t now = std::time(nullptr); now != made_for) {
    made_for = now;
    text = fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(now));
  }
  return text;
}

}  // namespace

std::string_view reason(int status) {
  return boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(status))
      .data();
}

std::string render(const Response& response, Manner manner) {
  std::string out =
      fmt::format("HTTP/1.1 {} {}\r\nDate: {}\r\nContent-Length: {}\r\n", response.status,
                  reason(response.status), http_date(), response.body.size());
  if (!response.content_type.empty()) out += "Content-Type: " + response.content_type + "\r\n";
  for (const auto& [name, value] : response.fields) out += name + ": " + value + "\r\n";
  if (!manner.keeps_alive) out += "Connection: close\r\n";
  // Who speaks HTTP/1.0 expects a close that was not spoken of (RFC 9112 §9.3).
  if (manner.keeps_alive && manner.is_http_1_0) out += "Connection: keep-alive\r\n";
  out += "\r\n";
  if (!manner.is_head) out += response.body;
  return out;
}

}  // namespace postern::http
