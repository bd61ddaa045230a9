// mailbox/pop3/command.h: a line from a POP3 client, understood (RFC 1939 §9, RFC 2449, RFC 2595,
// RFC 5034). Pure.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace postern::pop3 {

enum class Verb : std::uint8_t {
  capa,
  quit,
  noop,
  stls,
  user,
  pass,
  auth,
  stat,
  list,
  retr,
  dele,
  rset,
  top,
  uidl
};

/// When a command is legal: RFC 1939 §4 and §5.
enum class When : std::uint8_t { authorization, transaction, always };

enum class CommandError : std::uint8_t { unknown, bad_arguments };

/// A command. Message numbers and counts are parsed.
struct Command {
  Verb verb = Verb::noop;
  When when = When::always;
  std::string text;                     // of USER, PASS: all after the blank; AUTH: the mechanism
  std::string initial_response;         // of AUTH; empty when absent
  std::optional<std::uint32_t> number;  // of a message
  std::uint32_t lines = 0;              // of TOP
};

std::expected<Command, CommandError> parse_command(std::string_view line);

}  // namespace postern::pop3
