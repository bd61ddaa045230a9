// relay/intake/trace.h: what we write on top of a message, and what we complete in it. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "core/mail/headers.h"
#include "relay/intake/intake.h"

namespace postern::relay {

inline constexpr std::size_t most_hops = 50;

/// Received fields: a message that has many is going round in circles (RFC 5321 §6.3).
bool is_looping(const mail::HeaderBlock& header);

/// Our Received field (RFC 5321 §4.4), with its CRLF. On submission it does not tell where the
/// client was. `recipient` stands in it when it is the only one.
std::string received_field(const Origin& origin, std::string_view hostname, std::string_view id,
                           const std::optional<mail::EmailAddress>& recipient,
                           std::chrono::sys_seconds now);

/// `header` octet for octet, but for Return-Path: the only one that counts is what the final
/// delivery writes (RFC 5321 §4.4). No signature covers it (RFC 6376 §5.4.1).
std::string without_return_path(const mail::HeaderBlock& header);

/// The header of a submitted message as it goes on: without Bcc, Resent-Bcc and Return-Path, with
/// Date and Message-ID (RFC 6409 §8). Ends with the empty line.
std::string complete_header(const mail::HeaderBlock& header, std::string_view message_id,
                            std::chrono::sys_seconds now);

}  // namespace postern::relay
