// mailbox/pop3/command.cc: the table of POP3 commands, and reading one.
#include "mailbox/pop3/command.h"

#include <strings.h>

#include <algorithm>
#include <array>

#include "core/number.h"

namespace postern::pop3 {

namespace {

enum class Takes : std::uint8_t {
  nothing,
  text,
  mechanism,
  number,
  maybe_number,
  number_and_lines
};

struct Entry {
  std::string_view word;
  Verb verb;
  When when;
  Takes takes;
};

// clang-format off
constexpr std::array commands{
    Entry{"CAPA", Verb::capa, When::always,        Takes::nothing},
    Entry{"QUIT", Verb::quit, When::always,        Takes::nothing},
    Entry{"NOOP", Verb::noop, When::transaction,   Takes::nothing},
    Entry{"STLS", Verb::stls, When::authorization, Takes::nothing},
    Entry{"USER", Verb::user, When::authorization, Takes::text},
    Entry{"PASS", Verb::pass, When::authorization, Takes::text},  // blanks belong to it: RFC 1939 §7
    Entry{"AUTH", Verb::auth, When::authorization, Takes::mechanism},
    Entry{"STAT", Verb::stat, When::transaction,   Takes::nothing},
    Entry{"LIST", Verb::list, When::transaction,   Takes::maybe_number},
    Entry{"RETR", Verb::retr, When::transaction,   Takes::number},
    Entry{"DELE", Verb::dele, When::transaction,   Takes::number},
    Entry{"RSET", Verb::rset, When::transaction,   Takes::nothing},
    Entry{"TOP",  Verb::top,  When::transaction,   Takes::number_and_lines},
    Entry{"UIDL", Verb::uidl, When::transaction,   Takes::maybe_number},
};
// clang-format on

const Entry* find_entry(std::string_view word) {
  const auto found = std::ranges::find_if(commands, [&](const Entry& entry) {
    return entry.word.size() == word.size() &&
           ::strncasecmp(entry.word.data(), word.data(), word.size()) == 0;
  });
  return found == commands.end() ? nullptr : &*found;
}

/// Splits at the first blank, and drops the blanks behind it.
std::pair<std::string_view, std::string_view> split(std::string_view text) {
  const std::size_t blank = text.find(' ');
  if (blank == std::string_view::npos) return {text, {}};
  const std::size_t rest = text.find_first_not_of(' ', blank);
  return {text.substr(0, blank), rest == std::string_view::npos ? "" : text.substr(rest)};
}

bool read_arguments(Takes takes, std::string_view text, Command& command) {
  const auto [first, rest] = split(text);
  switch (takes) {
    case Takes::nothing:
      return text.empty();
    case Takes::text:
      command.text = text;
      return !text.empty();
    case Takes::mechanism:
      command.text = first;
      command.initial_response = rest;
      return rest.find(' ') == std::string_view::npos;
    case Takes::maybe_number:
      if (text.empty()) return true;
      [[fallthrough]];
    case Takes::number:
      command.number = parse_number<std::uint32_t>(first);
      return command.number.has_value() && rest.empty();
    case Takes::number_and_lines: {
      command.number = parse_number<std::uint32_t>(first);
      const std::optional<std::uint32_t> lines = parse_number<std::uint32_t>(rest);
      command.lines = lines.value_or(0);
      return command.number.has_value() && lines.has_value();
    }
  }
  return false;
}

}  // namespace

std::expected<Command, CommandError> parse_command(std::string_view line) {
  const std::size_t blank = std::min(line.find(' '), line.size());
  const Entry* const entry = find_entry(line.substr(0, blank));
  if (entry == nullptr) return std::unexpected(CommandError::unknown);
  std::string_view arguments = line.substr(blank);
  if (!arguments.empty()) arguments.remove_prefix(1);  // one blank: what follows may be a password
  if (entry->takes != Takes::text) {                   // stray blanks of old clients
    arguments = arguments.substr(0, arguments.find_last_not_of(' ') + 1);
    arguments.remove_prefix(std::min(arguments.find_first_not_of(' '), arguments.size()));
  }
  Command command{.verb = entry->verb, .when = entry->when};
  // NUL in a name or a password ends in what others take for a string's end.
  if (arguments.find('\0') != std::string_view::npos ||
      !read_arguments(entry->takes, arguments, command)) {
    return std::unexpected(CommandError::bad_arguments);
  }
  return command;
}

}  // namespace postern::pop3
