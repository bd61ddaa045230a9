// relay/api/router.h: what a row of the table of endpoints says, and which row a request means.
#pragma once

#include <cstdint>
#include <expected>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "core/json.h"
#include "relay/api/services.h"
#include "relay/http/json_fields.h"
#include "relay/http/message.h"
#include "relay/http/route_pattern.h"

namespace postern::relay {
struct Config;
}

namespace postern::http {

/// Who asks.
enum class Caller : std::uint8_t {
  neighbour = 1,  ///< from loopback or `trusted_networks`, with no name
  account = 2,
  operators = 4,  ///< an account that is an operator's
  control = 8,    ///< who could open the control socket: an operator
  submit = 16,    ///< a program of this host, on the socket that takes messages
};

class Callers {
 public:
  constexpr Callers(std::initializer_list<Caller> all) {
    for (const Caller one : all) bits_ |= static_cast<std::uint8_t>(one);
  }
  constexpr bool contains(Caller one) const {
    return (bits_ & static_cast<std::uint8_t>(one)) != 0;
  }

 private:
  std::uint8_t bits_ = 0;
};

/// What is done with the body of a request.
enum class Body : std::uint8_t {
  ignored,
  object,         ///< JSON with the row's fields and no other; what else it is, is 400
  object_if_any,  ///< the same; no body is an object without members, null one that was left out
  message,        ///< a message, or JSON with the row's fields: the handler tells and checks it
};

/// What an endpoint takes; of what it does not name, members are refused, and parameters mean
/// nothing.
struct Input {
  std::span<const JsonField> query = {};  ///< parameters
  Body body = Body::ignored;
  std::span<const JsonField> fields = {};  ///< of the body's JSON
};

struct Call;

/// On the API's loop. What it borrows outlives the task.
using LoopHandler = Task<Answer> (*)(const Services&, const Call&);
using Handler = std::variant<LoopHandler, relay::AccountHandler>;

/// An endpoint. HEAD is wherever GET is, OPTIONS everywhere: they have no rows.
struct Route {
  std::string_view method, pattern;  ///< `{id}` takes queue ids only, other captures any text
  Callers who;
  Input takes;
  Handler handler;
  std::string_view summary;  ///< one line for a person
};

/// A request and the row that takes it.
struct Call {
  const Request& request;
  Caller caller;
  const Route* route;
  Captures captures;
  Json body = Json::object();                             ///< checked as the row says
  std::shared_ptr<const relay::Config> config = nullptr;  ///< as it is when the call begins

  bool is_operator() const { return caller == Caller::operators || caller == Caller::control; }
};

/// The row that takes the request, or else the answer: to OPTIONS, 400, 403, 404, or 405 with Allow
/// (RFC 9110 §9.3.7, §15.5.6). `request` outlives the call.
std::expected<Call, Response> find_route(std::span<const Route> routes, const Request& request,
                                         Caller caller);

/// What `caller` may do with the path, as an Allow field lists it (RFC 9110 §10.2.1); empty:
/// nothing.
std::string allowed_methods(std::span<const Route> routes, std::string_view raw_path,
                            Caller caller);

/// Is there a row for this path that `caller` may use?
bool is_open_to(std::span<const Route> routes, std::string_view raw_path, Caller caller);

}  // namespace postern::http
