// relay/api/routes.cc: every endpoint: method, path, who may, what it takes, what answers.
#include "relay/api/routes.h"

#include <array>

#include "relay/accounts/account_operations.h"
#include "relay/api/handlers.h"
#include "relay/api/message_request.h"
#include "relay/api/queue_request.h"

namespace postern::http {
namespace {

namespace who {
constexpr Callers near{Caller::neighbour, Caller::control};
constexpr Callers by_password{Caller::account, Caller::operators};
constexpr Callers by_socket{Caller::control, Caller::submit};
constexpr Callers everybody{Caller::account, Caller::operators, Caller::control};
constexpr Callers operators{Caller::operators, Caller::control};
}  // namespace who

// clang-format off
namespace takes {
constexpr std::array search_parameters{
    JsonField{"message_id", JsonKind::text},
    JsonField{"address",    JsonKind::text},
    JsonField{"limit",      JsonKind::number},
};
constexpr std::array local_parameters{
    JsonField{"from", JsonKind::text},
    JsonField{"to",   JsonKind::texts},
    JsonField{"name", JsonKind::text},
};
constexpr Input nothing{};
constexpr Input search{.query = search_parameters};
constexpr Input message{envelope_parameters, Body::message, message_fields};
constexpr Input local_message{local_parameters, Body::message, message_fields};
constexpr Input selection{.query = filter_fields};
constexpr Input targets{{}, Body::object, target_fields};
constexpr Input no_fields{{}, Body::object_if_any, {}};
constexpr Input account{{}, Body::object_if_any, relay::account_fields};
constexpr Input removal{{}, Body::object_if_any, relay::removal_fields};
constexpr Input password{{}, Body::object_if_any, relay::password_fields};
constexpr Input app_password{{}, Body::object_if_any, relay::app_password_fields};
constexpr Input alias{{}, Body::object_if_any, relay::alias_fields};
}  // namespace takes

constexpr std::array table{
    //    method, path, who may, what it takes, what answers, in a line
    Route{"GET", "/metrics", who::near, takes::nothing, show_metrics, "what has been counted, in the text format of Prometheus"},
    Route{"GET", "/healthz", who::near, takes::nothing, tell_alive,   "200 while the gateway runs"},
    Route{"GET", "/readyz",  who::near, takes::nothing, tell_ready,   "200 while new mail can be taken, else 503 with the reason"},

    Route{"GET",  "/v1/status", who::everybody, takes::nothing, show_status, "listeners, queue, rates, Redis and certificates at a glance"},
    Route{"POST", "/v1/reload", who::operators, takes::nothing, reload,      "reads the configuration again"},

    Route{"GET",  "/v1/messages",      who::everybody,   takes::search,        find_timelines,   "timelines by message-id or address"},
    Route{"GET",  "/v1/messages/{id}", who::everybody,   takes::nothing,       show_timeline,    "what became of a message"},
    Route{"POST", "/v1/messages",      who::by_password, takes::message,       take_message,     "takes a message: JSON, or message/rfc822"},
    Route{"POST", "/v1/messages",      who::by_socket,   takes::local_message, take_from_socket, "takes a message of a program on this host, and completes it"},

    Route{"GET",  "/v1/queue",          who::operators, takes::selection, list_queue,     "what waits for its delivery"},
    Route{"GET",  "/v1/queue/{id}",     who::operators, takes::nothing,   show_queued,    "one message with its deliveries"},
    Route{"GET",  "/v1/queue/{id}/raw", who::operators, takes::nothing,   show_octets,    "the message itself"},
    Route{"POST", "/v1/queue/retry",    who::operators, takes::targets,   retry_queued,   "tries messages now"},
    Route{"POST", "/v1/queue/hold",     who::operators, takes::targets,   hold_queued,    "keeps messages from being tried"},
    Route{"POST", "/v1/queue/release",  who::operators, takes::targets,   release_queued, "lets messages that are held go on"},
    Route{"POST", "/v1/queue/bounce",   who::operators, takes::targets,   bounce_queued,  "returns messages to their senders"},
    Route{"POST", "/v1/queue/remove",   who::operators, takes::targets,   remove_queued,  "removes messages and tells nobody"},

    Route{"GET",    "/v1/accounts",                                 who::operators, takes::no_fields,    relay::list_accounts,       "all accounts"},
    Route{"POST",   "/v1/accounts",                                 who::operators, takes::account,      relay::add_account,         "makes an account with a mailbox"},
    Route{"GET",    "/v1/accounts/{address}",                       who::operators, takes::no_fields,    relay::show_account,        "an account with its app passwords and aliases"},
    Route{"DELETE", "/v1/accounts/{address}",                       who::operators, takes::removal,      relay::remove_account,      "removes an account; its mailbox is kept for 30 days, unless purged"},
    Route{"PUT",    "/v1/accounts/{address}/password",              who::operators, takes::password,     relay::set_password,        "sets a new password, or makes one"},
    Route{"POST",   "/v1/accounts/{address}/disable",               who::operators, takes::no_fields,    relay::disable_account,     "no login; mail is still taken"},
    Route{"POST",   "/v1/accounts/{address}/enable",                who::operators, takes::no_fields,    relay::enable_account,      "login again"},
    Route{"GET",    "/v1/accounts/{address}/app-passwords",         who::operators, takes::no_fields,    relay::list_app_passwords,  "an account's app passwords, with their last use"},
    Route{"POST",   "/v1/accounts/{address}/app-passwords",         who::operators, takes::app_password, relay::add_app_password,    "makes a secret and shows it once"},
    Route{"DELETE", "/v1/accounts/{address}/app-passwords/{label}", who::operators, takes::no_fields,    relay::revoke_app_password, "the secret counts no longer"},
    Route{"GET",    "/v1/aliases",                                  who::operators, takes::no_fields,    relay::list_aliases,        "all aliases"},
    Route{"POST",   "/v1/aliases",                                  who::operators, takes::alias,        relay::add_alias,           "makes an address that forwards to others"},
    Route{"DELETE", "/v1/aliases/{from}",                           who::operators, takes::no_fields,    relay::remove_alias,        "forwards no longer"},
};
// clang-format on

}  // namespace

std::span<const Route> routes() { return table; }

}  // namespace postern::http
