// relay/http/connection.cc: one HTTP connection. Boost.Beast parses what the strict check has let
// through.
#include "relay/http/connection.h"

#include <algorithm>
#include <boost/beast/http.hpp>
#include <expected>
#include <limits>

#include "core/async/loop.h"
#include "core/log.h"
#include "core/mail/encodings.h"
#include "core/percent.h"
#include "relay/http/head_check.h"
#include "relay/http/render.h"

namespace postern::http {
namespace {

namespace beast = boost::beast::http;
using Parser = beast::request_parser<beast::string_body>;

constexpr std::chrono::seconds farewell{5}, farewell_at_shutdown{1};
constexpr std::size_t most_parameters = 10'000;
constexpr std::size_t longest_chunk_header = 16 << 10;

/// Text without control characters, however they were written.
std::optional<std::string> decoded_text(std::string_view text) {
  auto plain = percent_decode(text);
  if (plain && mail::has_control(*plain)) return std::nullopt;
  return plain;
}

/// False when it cannot be decoded; then `path` is as it came. An unencoded `+` stays one:
/// addresses with a subaddress are pasted into queries as they are.
bool read_target(std::string_view target, Request& request) {
  const std::size_t mark = target.find('?');
  request.raw_path = request.path = std::string(target.substr(0, mark));
  auto path = decoded_text(request.raw_path);
  if (!path) return false;
  request.path = std::move(*path);
  std::string_view rest = mark == target.npos ? std::string_view() : target.substr(mark + 1);
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    auto name = decoded_text(pair.substr(0, equals));
    auto value = decoded_text(pair.substr(std::min(equals + 1, pair.size())));
    if (!name || !value || request.query.size() >= most_parameters) return false;
    request.query.emplace_back(std::move(*name), std::move(*value));
  }
  return true;
}

Problem malformed(int status, std::string_view why) {
  return {status, std::string(reason(status)), std::string(why)};
}

/// Why what has arrived of a head cannot become one.
std::optional<Problem> flaw_in_part(std::string_view have, std::size_t seen, std::size_t limit) {
  if (have.size() >= limit) return malformed(431, "the head is too long");
  // Who ends lines so will never send an empty one.
  const std::size_t line_end = have.find('\n', seen);
  if (line_end != have.npos && (line_end == 0 || have[line_end - 1] != '\r')) {
    return malformed(400, "bare LF");
  }
  return {};
}

/// The head as it stands in the stream, to its empty line. None: the peer left between two
/// requests.
Task<std::expected<std::optional<std::string>, Problem>> read_head(
    net::Stream& stream, const RequestLimits& limits, net::IdleSessions& idle_sessions) {
  const net::IdleSessions::Mark mark(idle_sessions, stream);
  const auto deadline = Loop::current().now() + limits.idle;
  for (std::size_t seen = 0;;) {
    const std::string_view have = stream.buffered();
    const std::size_t end = have.find("\r\n\r\n", seen < 3 ? 0 : seen - 3);
    if (end != have.npos && end + 4 <= limits.head) {
      std::string head(have.substr(0, end + 4));
      stream.consume(end + 4);
      co_return head;
    }
    if (end != have.npos) co_return std::unexpected(malformed(431, "the head is too long"));
    if (auto flaw = flaw_in_part(have, seen, limits.head)) co_return std::unexpected(*flaw);
    seen = have.size();
    if (Loop::current().now() >= deadline) throw Timeout("no request");
    try {
      co_await stream.wait_readable(limits.idle);
    } catch (const ConnectionClosed&) {
      if (!stream.buffered().empty()) throw;
      co_return std::nullopt;
    }
  }
}

void read_fields(const Parser& parser, Request& request) {
  request.method = std::string(parser.get().method_string());
  for (const auto& field : parser.get()) {
    std::string name(field.name_string());
    std::ranges::transform(name, name.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    });
    request.fields.emplace_back(std::move(name), std::string(field.value()));
  }
}

/// Why a head cannot be obeyed.
struct Flaw {
  Problem problem;
  bool is_for_all = false;  ///< else only for those who may ask at all
};

std::optional<Flaw> parse_head(std::string_view head, Parser& parser, Request& request) {
  boost::beast::error_code error;
  parser.put(boost::asio::buffer(head.data(), head.size()), error);
  const bool is_too_long = error == beast::error::body_limit;  // found when all fields are read
  if (!is_too_long && ((error && error != beast::error::need_more) || !parser.is_header_done())) {
    return Flaw{malformed(400, "the head cannot be read"), true};
  }
  read_fields(parser, request);
  const auto target = parser.get().target();
  if (!read_target(*origin_form({target.data(), target.size()}), request)) {
    return Flaw{malformed(400, "not a path")};
  }
  if (is_too_long) return Flaw{malformed(413, "the body is too long")};
  return {};
}

/// Feeds the parser until the body is complete.
Task<std::optional<Problem>> read_body(net::Stream& stream, Parser& parser,
                                       std::chrono::milliseconds time) {
  const auto deadline = Loop::current().now() + time;
  while (!parser.is_done()) {
    if (Loop::current().now() >= deadline) throw Timeout("the body arrives too slowly");
    if (stream.buffered().empty()) co_await stream.wait_readable(time);
    const std::string_view have = stream.buffered();
    boost::beast::error_code error;
    const std::size_t used = parser.put(boost::asio::buffer(have.data(), have.size()), error);
    stream.consume(used);
    if (error == beast::error::body_limit) co_return malformed(413, "the body is too long");
    if (error && error != beast::error::need_more) {
      co_return malformed(400, "the body cannot be read");
    }
    if (!error || used > 0) continue;
    // A chunk header that is not complete: wait for more than there is.
    if (have.size() > longest_chunk_header) co_return malformed(400, "chunk header too long");
    co_await stream.wait_readable(time);
  }
  co_return std::nullopt;
}

/// What the application awaits, or the answer to what it met: trouble outside of us may be over
/// soon; anything else that it did not foresee is a mistake of ours, and still no reason to say
/// nothing.
template <class T>
Task<std::expected<T, Problem>> outcome_of(std::string path, Task<T> work) {
  std::string failure;
  bool is_ours = false;
  try {
    co_return co_await std::move(work);
  } catch (const Cancelled&) {
    throw;
  } catch (const IoError& error) {
    failure = error.what();
  } catch (const std::exception& error) {
    failure = error.what();
    is_ours = true;
  }
  log::write(is_ours ? log::Level::error : log::Level::warn, "request_failed",
             {{"path", path}, {"error", failure}});
  co_return is_ours ? refused(500, "Internal Server Error", "the request failed; the log says why")
                    : refused(503, "Service Unavailable", failure);
}

/// One connection, request by request.
class Connection {
 public:
  Connection(net::Stream stream, Application& application, const RequestLimits& limits,
             net::IdleSessions& idle)
      : stream_(std::move(stream)), application_(application), limits_(limits), idle_(idle) {}

  /// One request and its response. False: the connection is over.
  Task<bool> exchange();
  Task<> part() { return stream_.shutdown(idle_.is_closing() ? farewell_at_shutdown : farewell); }

 private:
  Task<bool> refuse(Problem problem, Manner manner);
  Task<std::optional<Problem>> admit(Request& request);
  Task<std::optional<Problem>> take_body(Parser& parser, Request& request, bool may_continue);
  Task<> respond(Request request, Manner manner);

  net::Stream stream_;
  Application& application_;
  const RequestLimits& limits_;
  net::IdleSessions& idle_;
};

Task<bool> Connection::refuse(Problem problem, Manner manner) {
  co_await stream_.write(render(to_response(problem), manner));
  co_return manner.keeps_alive;
}

Task<std::optional<Problem>> Connection::admit(Request& request) {
  auto admission = co_await outcome_of(request.path, application_.admit(request));
  co_return admission ? std::move(*admission) : std::move(admission.error());
}

Task<std::optional<Problem>> Connection::take_body(Parser& parser, Request& request,
                                                   bool may_continue) {
  if (!parser.is_done() && may_continue &&
      mail::equal_ignoring_case(request.field("expect"), "100-continue")) {  // RFC 9110 §10.1.1
    co_await stream_.write("HTTP/1.1 100 Continue\r\n\r\n");
  }
  auto flaw = co_await read_body(stream_, parser, limits_.body_time);
  if (!flaw) request.body = std::move(parser.get().body());
  co_return flaw;
}

Task<> Connection::respond(Request request, Manner manner) {
  const std::string path = request.path;
  const auto response = co_await outcome_of(path, application_.answer(std::move(request)));
  co_await stream_.write(render(response ? *response : to_response(response.error()), manner));
}

/// After what cannot be understood, the connection ends: what follows cannot be told from a
/// request.
Task<bool> Connection::exchange() {
  auto head = co_await read_head(stream_, limits_, idle_);
  if (!head) co_return co_await refuse(head.error(), {});
  if (!*head) co_return false;
  if (const auto verdict = check_head(**head); !verdict) {
    co_return co_await refuse(malformed(verdict.error().status, verdict.error().text), {});
  }
  Parser parser;
  parser.header_limit(std::numeric_limits<std::uint32_t>::max());  // it is bounded already
  parser.eager(true);
  parser.body_limit(limits_.body);
  Request request;
  request.peer = stream_.peer();
  request.user = stream_.peer_user();
  const auto flaw = parse_head(**head, parser, request);
  if (flaw && flaw->is_for_all) co_return co_await refuse(flaw->problem, {});
  head->reset();

  Manner manner{.is_http_1_0 = parser.get().version() == 10, .is_head = request.method == "HEAD"};
  if (const auto refusal = co_await admit(request)) {
    // The body, if any, is not read.
    manner.keeps_alive = parser.is_done() && parser.get().keep_alive();
    co_return co_await refuse(*refusal, manner);
  }
  if (flaw) co_return co_await refuse(flaw->problem, {.is_head = manner.is_head});
  if (const auto problem = co_await take_body(parser, request, !manner.is_http_1_0)) {
    co_return co_await refuse(*problem, {});
  }
  manner.keeps_alive = parser.get().keep_alive() && !idle_.is_closing();
  co_await respond(std::move(request), manner);
  co_return manner.keeps_alive;
}

}  // namespace

Task<> serve(net::Stream stream, Application& application, RequestLimits limits,
             net::IdleSessions& idle) {
  Connection connection(std::move(stream), application, limits, idle);
  bool is_over = false;
  try {
    while (co_await connection.exchange()) {
    }
    is_over = true;
  } catch (const Interrupted&) {  // between two requests
    is_over = true;
  } catch (const IoError&) {  // gone, or too slow: there is nobody to answer
  } catch (const Cancelled&) {
    throw;
  } catch (const std::exception& error) {  // a mistake of ours ends this session and no other
    log::error("session_failed", {{"error", error.what()}});
  }
  if (!is_over) co_return;
  try {
    co_await connection.part();
  } catch (const IoError&) {  // it was a courtesy
  }
}

}  // namespace postern::http
