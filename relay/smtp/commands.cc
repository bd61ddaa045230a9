// relay/smtp/commands.cc: parsers of SMTP's command lines.
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

struct Parameter {
  std::string name;
  std::string_view value;
  bool has_value = false;
};

Parameter cut_parameter(std::string_view word) {
  const std::size_t equals = word.find('=');
  if (equals == word.npos) return {upper(word), {}, false};
  return {upper(word.substr(0, equals)), word.substr(equals + 1), true};
}

Answer bad(std::string_view what) { return reply::bad_syntax.with(what); }

using Problem = std::optional<Answer>;

Problem take_size(MailCommand& command, std::string_view value) {
  const auto size =
      value.size() <= 20 ? parse_number<std::uint64_t>(value) : std::nullopt;  // RFC 1870 §6.1
  if (!size) return bad("SIZE");
  command.size = *size;
  return {};
}

Problem take_body(MailCommand& command, std::string_view value) {
  const std::string kind = upper(value);
  if (kind == "BINARYMIME") return reply::binary;
  if (kind != "7BIT" && kind != "8BITMIME") return bad("BODY is 7BIT or 8BITMIME");
  command.eight_bit = kind == "8BITMIME";
  return {};
}

Problem take_ret(MailCommand& command, std::string_view value) {
  const auto ret = mail::parse_ret(value);
  if (command.ret != mail::Ret::unset || !ret) return bad("RET is FULL or HDRS, once");
  command.ret = *ret;
  return {};
}

Problem take_envid(MailCommand& command, std::string_view value) {
  const auto envid = mail::parse_envid(value);
  if (!command.envid.empty() || !envid || envid->empty()) return bad("ENVID");
  command.envid = *envid;
  return {};
}

Problem take_mail_parameter(MailCommand& command, const Parameter& parameter) {
  if (parameter.name == "SIZE") return take_size(command, parameter.value);
  if (parameter.name == "BODY") return take_body(command, parameter.value);
  if (parameter.name == "RET") return take_ret(command, parameter.value);
  if (parameter.name == "ENVID") return take_envid(command, parameter.value);
  if (parameter.name == "AUTH" && parameter.has_value) return {};
  if (parameter.name == "SMTPUTF8" && !parameter.has_value) {
    command.smtputf8 = true;
    return {};
  }
  return reply::unknown_param.with(parameter.name);
}

Problem take_notify(mail::Notify& notify, std::string_view value) {
  const auto parsed = mail::parse_notify(value);
  if (notify.set || !parsed) return bad("NOTIFY is NEVER, or a list of SUCCESS, FAILURE, DELAY");
  notify = *parsed;
  return {};
}

Problem take_orcpt(std::string& orcpt, std::string_view value) {
  const auto parsed = mail::parse_orcpt(value);
  if (!orcpt.empty() || !parsed) return bad("ORCPT");
  orcpt = *parsed;
  return {};
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
  std::string_view rest = path->rest;
  for (auto word = next_word(rest); !word.empty(); word = next_word(rest)) {
    if (auto problem = take_mail_parameter(command, cut_parameter(word))) {
      return std::unexpected(std::move(*problem));
    }
  }
  if (command.sender && command.sender->needs_smtputf8() && !command.smtputf8) {
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
  mail::Notify notify;
  std::string orcpt;
  std::string_view rest = path->rest;
  for (auto word = next_word(rest); !word.empty(); word = next_word(rest)) {
    const Parameter parameter = cut_parameter(word);
    Problem problem;
    if (parameter.name == "NOTIFY") {
      problem = take_notify(notify, parameter.value);
    } else if (parameter.name == "ORCPT") {
      problem = take_orcpt(orcpt, parameter.value);
    } else {
      problem = reply::unknown_param.with(parameter.name);
    }
    if (problem) return std::unexpected(std::move(*problem));
  }
  return RcptCommand{mail::Recipient{std::move(*address), std::move(orcpt), notify}};
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
