// mailbox/imap/session/replies.h: what the IMAP server says at the end of a command (RFC 3501 §7.1;
// codes: RFC 5530).
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

namespace postern::imap {

enum class Status : std::uint8_t { ok, no, bad };

/// How a command ended: its status, a response code without brackets or "", and text, always some.
struct Answer {
  Status status = Status::ok;
  std::string code;
  std::string text;

  std::string line(std::string_view tag) const {
    static constexpr std::string_view statuses[] = {"OK", "NO", "BAD"};
    const std::string bracketed = code.empty() ? "" : "[" + code + "] ";
    return fmt::format("{} {} {}{}\r\n", tag, statuses[static_cast<int>(status)], bracketed, text);
  }
};

/// One entry of the table below.
struct Reply {
  Status status;
  std::string_view code, text;

  operator Answer() const {
    return {status, std::string(code), std::string(text)};
  }  // NOLINT: reads as the reply
  Answer with(std::string code_now) const {
    return {status, std::move(code_now), std::string(text)};
  }
  Answer about(std::string_view detail) const {
    return {status, std::string(code), fmt::format("{}: {}", text, detail)};
  }
};

namespace reply {
// clang-format off
//                                         status       code                    text
inline constexpr Reply done              {Status::ok,  "",                     "Done"};
inline constexpr Reply logged_in         {Status::ok,  "",                     "Logged in"};
inline constexpr Reply begin_tls         {Status::ok,  "",                     "Begin TLS negotiation now"};
inline constexpr Reply logged_out        {Status::ok,  "",                     "Good bye"};
inline constexpr Reply read_only         {Status::ok,  "READ-ONLY",            "Opened read-only"};
inline constexpr Reply read_write        {Status::ok,  "READ-WRITE",           "Opened"};
inline constexpr Reply copied            {Status::ok,  "",                     "Copied"};
inline constexpr Reply moved             {Status::ok,  "",                     "Moved"};
inline constexpr Reply appended          {Status::ok,  "",                     "Appended"};
inline constexpr Reply nothing_matched   {Status::ok,  "",                     "No message matched"};
inline constexpr Reply some_modified     {Status::ok,  "",                     "Some messages were changed meanwhile and left alone"};
inline constexpr Reply expunge_issued    {Status::no,  "EXPUNGEISSUED",        "Some messages are gone already"};
inline constexpr Reply wrong_password    {Status::no,  "AUTHENTICATIONFAILED", "Wrong user name or password"};
inline constexpr Reply too_many_failures {Status::no,  "UNAVAILABLE",          "Too many failed logins from your address, try again later"};
inline constexpr Reply unavailable       {Status::no,  "UNAVAILABLE",          "Temporarily unavailable, try again later"};
inline constexpr Reply needs_tls         {Status::no,  "PRIVACYREQUIRED",      "Use STARTTLS before you log in"};
inline constexpr Reply no_mechanism      {Status::no,  "",                     "This authentication mechanism is not supported"};
inline constexpr Reply no_mailbox        {Status::no,  "NONEXISTENT",          "No such mailbox"};
inline constexpr Reply try_create        {Status::no,  "TRYCREATE",            "No such mailbox, create it first"};
inline constexpr Reply mailbox_exists    {Status::no,  "ALREADYEXISTS",        "The mailbox exists already"};
inline constexpr Reply bad_name          {Status::no,  "CANNOT",               "A mailbox cannot have this name"};
inline constexpr Reply not_allowed       {Status::no,  "CANNOT",               "This cannot be done to this mailbox"};
inline constexpr Reply over_quota        {Status::no,  "OVERQUOTA",            "The mailbox is full"};
inline constexpr Reply limit_reached     {Status::no,  "LIMIT",                "There are too many mailboxes"};
inline constexpr Reply keyword_limit     {Status::no,  "LIMIT",                "No more keywords: messages have 64 already"};
inline constexpr Reply bad_keyword       {Status::no,  "CANNOT",               "A keyword cannot have this name"};
inline constexpr Reply not_writable      {Status::no,  "READ-ONLY",            "The mailbox is open read-only"};
inline constexpr Reply message_too_big   {Status::no,  "TOOBIG",               "The message is too big"};
inline constexpr Reply empty_message     {Status::no,  "",                     "An empty message cannot be stored"};
inline constexpr Reply nul_in_message    {Status::no,  "",                     "The message holds NUL"};
inline constexpr Reply bad_charset       {Status::no,  "BADCHARSET",           "This charset is not known"};
inline constexpr Reply no_quota_change   {Status::no,  "NOPERM",               "Quotas are set by the operator"};
inline constexpr Reply no_quota_root     {Status::no,  "NONEXISTENT",          "No such quota root"};
inline constexpr Reply cancelled         {Status::bad, "",                     "Authentication was cancelled"};
inline constexpr Reply unknown           {Status::bad, "",                     "Unknown command"};
inline constexpr Reply login_first       {Status::bad, "",                     "Log in first"};
inline constexpr Reply select_first      {Status::bad, "",                     "Select a mailbox first"};
inline constexpr Reply already_logged_in {Status::bad, "",                     "You are logged in already"};
inline constexpr Reply already_encrypted {Status::bad, "",                     "TLS is active already"};
inline constexpr Reply no_tls            {Status::bad, "",                     "STARTTLS is not offered here"};
inline constexpr Reply bad_syntax        {Status::bad, "",                     "Cannot read that"};
inline constexpr Reply no_such_number    {Status::bad, "",                     "There is no message with such a number"};
inline constexpr Reply too_long          {Status::bad, "TOOBIG",               "The command is too long"};
inline constexpr Reply expected_done     {Status::bad, "",                     "Expected DONE"};
// clang-format on
}  // namespace reply

/// What stands in the last line before we close.
namespace bye {
inline constexpr std::string_view logout = "* BYE Logging out\r\n";
inline constexpr std::string_view idle = "* BYE Idle for too long\r\n";
inline constexpr std::string_view too_many_mistakes = "* BYE Too many mistakes\r\n";
inline constexpr std::string_view too_large =
    "* BYE [TOOBIG] The command or its literal is too large\r\n";
inline constexpr std::string_view shutting_down = "* BYE Server is shutting down\r\n";
inline constexpr std::string_view unavailable =
    "* BYE [UNAVAILABLE] Temporarily unavailable, try again later\r\n";
inline constexpr std::string_view login_ended = "* BYE Your login is good no more\r\n";
}  // namespace bye

/// "+ " and a text: some clients trip over a bare plus.
inline constexpr std::string_view go_ahead = "+ Ready for literal data\r\n";

}  // namespace postern::imap
