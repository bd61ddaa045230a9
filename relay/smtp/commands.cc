// relay/smtp/commands.cc: parsers of SMTP's command lines (RFC 5321 §4.1.2).
#include "relay/smtp/commands.h"

#include <algorithm>
#include <vector>

#include "core/number.h"
#include "relay/smtp/replies.h"

namespace postern::smtp {
namespace {

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

std::string upper(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return upper(c); });
  return out;
}

bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

/// The next word of `rest`, which is shortened by it; empty at the end.
std::string_view next_word(std::string_view& rest) {
  rest = trim(rest);
  std::size_t end = 0;
  while (end < rest.size() && !is_blank(rest[end])) ++end;
  const std::string_view word = rest.substr(0, end);
  rest.remove_prefix(end);
  return word;
}

/// "FROM:<...> parameters", cut.
std::optional<mail::SplitPath> cut_path(std::string_view arguments, std::string_view keyword) {
  if (upper(arguments.substr(0, keyword.size())) != keyword) return {};
  arguments.remove_prefix(keyword.size());  // a blank after the colon is wrong and common
  const auto split = mail::split_path(arguments);
  if (!split) return {};
  const char* after = split->path.data() + split->path.size() + 1;
  if (!split->rest.empty() && split->rest.data() == after) return {};  // "<a@b.example>x"
  return *split;
}

Answer bad(std::string_view what) { return reply::bad_syntax.with(what); }

Answer complaint(const mail::ParameterError& error) {
  switch (error.kind) {
    case mail::ParameterError::Kind::unknown:
      return reply::unknown_param.with(error.what);
    case mail::ParameterError::Kind::binary:
      return reply::binary;
    case mail::ParameterError::Kind::malformed:
      break;
  }
  return bad(error.what);
}

/// All words of `rest` into `subject`; whose extensions they are.
template <class Subject>
std::expected<mail::Extensions, Answer> read_parameters(std::string_view rest, Subject& subject) {
  mail::Extensions used;
  for (auto word = next_word(rest); !word.empty(); word = next_word(rest)) {
    const auto extension = mail::read_parameter(word, subject);
    if (!extension) return std::unexpected(complaint(extension.error()));
    used.add(*extension);
  }
  return used;
}

}  // namespace

Request::Request(std::string_view line) {
  std::size_t end = 0;
  while (end < line.size() && !is_blank(line[end])) ++end;
  word_ = upper(line.substr(0, end));
  arguments_ = trim(line.substr(end));
}

std::expected<HelloCommand, Answer> HelloCommand::parse(std::string_view arguments) {
  if (arguments.empty()) return std::unexpected(bad("a domain name or an address literal"));
  std::string name(arguments.substr(0, 255));
  const auto is_odd = [](char c) {
    const auto octet = static_cast<unsigned char>(c);
    return octet <= 0x20 || octet >= 0x7f || std::string_view("()<>,;\\\"").contains(c);
  };
  std::ranges::replace_if(name, is_odd, '?');
  return HelloCommand{std::move(name)};
}

std::expected<MailCommand, Answer> MailCommand::parse(std::string_view arguments) {
  const auto path = cut_path(arguments, "FROM:");
  if (!path) return std::unexpected(bad("MAIL FROM:<address>"));
  MailCommand command;
  if (!path->path.empty()) {
    auto address = mail::EmailAddress::parse(mail::strip_source_route(path->path));
    if (!address) return std::unexpected(reply::bad_sender.with(address.error().text));
    command.sender = std::move(*address);
  }
  auto used = read_parameters(path->rest, command.parameters);
  if (!used) return std::unexpected(std::move(used.error()));
  command.extensions = *used;
  if (command.sender && command.sender->needs_smtputf8() && !command.parameters.options.smtputf8) {
    return std::unexpected(reply::needs_utf8.with("The sender"));  // RFC 6531 §3.4
  }
  return command;
}

std::expected<RcptCommand, Answer> RcptCommand::parse(std::string_view arguments,
                                                      const std::string& own_domain) {
  const auto path = cut_path(arguments, "TO:");
  if (!path) return std::unexpected(bad("RCPT TO:<address>"));
  std::string text(mail::strip_source_route(path->path));
  if (upper(text) == "POSTMASTER") text += "@" + own_domain;  // RFC 5321 §4.5.1
  auto address = mail::EmailAddress::parse(text);
  if (!address) return std::unexpected(reply::bad_recipient.with(address.error().text));
  mail::Recipient recipient{std::move(*address), {}, {}};
  auto used = read_parameters(path->rest, recipient);
  if (!used) return std::unexpected(std::move(used.error()));
  return RcptCommand{std::move(recipient), *used};
}

std::expected<BdatCommand, Answer> BdatCommand::parse(std::string_view arguments) {
  std::string_view rest = arguments;
  const std::string_view word = next_word(rest);
  const auto size = word.size() <= 19 ? parse_number<std::uint64_t>(word) : std::nullopt;
  const std::string last = upper(trim(rest));
  if (!size || (!last.empty() && last != "LAST")) return std::unexpected(bad("BDAT size [LAST]"));
  return BdatCommand{*size, !last.empty()};
}

std::expected<AuthCommand, Answer> AuthCommand::parse(std::string_view arguments) {
  std::string_view rest = arguments;
  const std::string_view mechanism = next_word(rest);
  const std::string_view initial = next_word(rest);
  if (mechanism.empty() || mechanism.size() > 20 || !trim(rest).empty()) {
    return std::unexpected(bad("AUTH mechanism [initial response]"));
  }
  AuthCommand command{upper(mechanism), {}};
  if (initial == "=") {
    command.initial_response = "";
  } else if (!initial.empty()) {
    command.initial_response = std::string(initial);
  }
  return command;
}

}  // namespace postern::smtp
