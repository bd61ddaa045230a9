// mailbox/pop3/replies.h: what a POP3 client hears. Codes in brackets: RFC 2449 §8, RFC 3206.
#pragma once

#include <string_view>

namespace postern::pop3::reply {

// clang-format off
inline constexpr std::string_view greeting       = "+OK {} POP3 postern";
inline constexpr std::string_view ok             = "+OK";
inline constexpr std::string_view start_tls      = "+OK Begin TLS";
inline constexpr std::string_view send_password  = "+OK Send PASS";
inline constexpr std::string_view challenge      = "+ ";
inline constexpr std::string_view logged_in      = "+OK Maildrop has {} messages";
inline constexpr std::string_view capabilities   = "+OK Capabilities follow";
inline constexpr std::string_view mechanisms     = "+OK Mechanisms follow";
inline constexpr std::string_view message        = "+OK {} octets";
inline constexpr std::string_view bye            = "+OK Bye";
inline constexpr std::string_view unknown        = "-ERR Unknown command";
inline constexpr std::string_view bad_arguments  = "-ERR Bad arguments";
inline constexpr std::string_view too_long       = "-ERR Line too long";
inline constexpr std::string_view wrong_state    = "-ERR Not now";
inline constexpr std::string_view user_first     = "-ERR Send USER first";
inline constexpr std::string_view needs_tls      = "-ERR Send STLS first";
inline constexpr std::string_view no_tls         = "-ERR TLS is not available";
inline constexpr std::string_view no_mechanism   = "-ERR Unknown mechanism";
inline constexpr std::string_view bad_response   = "-ERR Bad response";
inline constexpr std::string_view aborted        = "-ERR Aborted";
inline constexpr std::string_view bad_login      = "-ERR [AUTH] Name or password is wrong";
inline constexpr std::string_view too_many       = "-ERR [SYS/TEMP] Too many failed logins, try later";
inline constexpr std::string_view unavailable    = "-ERR [SYS/TEMP] Not available, try later";
inline constexpr std::string_view in_use         = "-ERR [IN-USE] Another session has the maildrop";
inline constexpr std::string_view no_message     = "-ERR No such message";
inline constexpr std::string_view not_removed    = "-ERR [SYS/TEMP] Messages were not removed";
inline constexpr std::string_view login_ended    = "-ERR [SYS/PERM] Your login is good no more";
inline constexpr std::string_view shutting_down  = "-ERR [SYS/TEMP] Server is shutting down";
inline constexpr std::string_view too_many_errors = "-ERR Too many errors";
// clang-format on

}  // namespace postern::pop3::reply
