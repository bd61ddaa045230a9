// relay/cli/sendmail.cc: `sendmail -t -i -f … RCPT…` as programs on this host call it.
#include <pwd.h>
#include <sysexits.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <iostream>
#include <vector>

#include "core/error.h"
#include "core/json.h"
#include "core/mail/address.h"
#include "core/mail/headers.h"
#include "core/percent.h"
#include "relay/cli/commands.h"
#include "relay/cli/control_client.h"
#include "relay/config/config.h"

namespace postern::relay {

namespace {

constexpr const char* submit_socket = "/run/postern/submit.sock";
constexpr std::size_t largest_message = 1UL << 30;  // the gateway's own limit is lower

struct Options {
  std::vector<std::string> recipients;
  std::string sender, full_name;
  bool has_sender = false, from_header = false, ignores_dots = false, is_idle = false;
};

/// What ends sendmail at once.
struct Ended {
  int status;
  std::string text;
};

/// Reads the options of the classic program; those that mean nothing here are skipped.
Options parse(int argc, char** argv) {
  Options options;
  int i = 1;
  // An option's value: the rest of its word, or the next word.
  const auto value = [&](std::string_view word) -> std::string {
    if (word.size() > 2) return std::string(word.substr(2));
    if (i + 1 >= argc) throw Ended{EX_USAGE, std::string(word) + " needs a value"};
    return argv[++i];
  };
  for (; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--") {
      options.recipients.insert(options.recipients.end(), argv + i + 1, argv + argc);
      break;
    }
    if (word.size() < 2 || word[0] != '-') {
      options.recipients.emplace_back(word);
    } else if (word == "-t") {
      options.from_header = true;
    } else if (word == "-ti" || word == "-it") {
      options.from_header = options.ignores_dots = true;
    } else if (word == "-i" || word == "-oi") {
      options.ignores_dots = true;
    } else if (word[1] == 'f' || word[1] == 'r') {
      options.sender = value(word);
      options.has_sender = true;
    } else if (word[1] == 'F') {
      options.full_name = value(word);
    } else if (word == "-bp" || word == "-bi" || word[1] == 'q') {
      options.is_idle =
          true;  // the gateway sees to its queue by itself; `postern queue list` shows it
    } else if (word[1] == 'b' && word != "-bm") {
      throw Ended{EX_USAGE, std::string(word) + ": this mode is not to be had here"};
    } else if (std::string_view("BCdhLNORVXpo").find(word[1]) != std::string_view::npos) {
      if (word.size() == 2 && word[1] != 'o') value(word);
    }
  }
  return options;
}

/// Standard input with CRLF line ends; ends at a lone dot unless dots are ignored.
std::string read_message(bool ignores_dots) {
  std::string message, line;
  while (std::getline(std::cin, line)) {
    if (line.ends_with('\r')) line.pop_back();
    if (!ignores_dots && line == ".") break;
    message += line;
    message += "\r\n";
    if (message.size() > largest_message) throw Ended{EX_DATAERR, "the message is over 1 GiB"};
  }
  if (std::cin.bad()) throw Ended{EX_IOERR, "standard input cannot be read"};
  return message;
}

std::string own_address() {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  const passwd* user = ::getpwuid(::getuid());
  return std::string(user != nullptr ? user->pw_name : "nobody") + "@" + host.data();
}

/// The addresses of To, Cc and Bcc.
std::vector<std::string> header_recipients(const mail::HeaderBlock& headers) {
  std::vector<std::string> all;
  for (const char* name : {"To", "Cc", "Bcc"}) {
    for (const mail::HeaderField* field : headers.all(name)) {
      for (const auto& entry : mail::parse_address_list(field->unfolded()).entries) {
        if (entry.kind == mail::MailboxEntry::Kind::mailbox) all.push_back(entry.address());
      }
    }
  }
  return all;
}

/// Without Bcc, which is for the envelope alone; with From, which submission asks for.
std::string completed(const std::string& message, const Options& options) {
  // A message may begin with its text; then it has no header.
  const mail::HeaderBlock headers = mail::HeaderBlock::parse(message);
  const bool has_header = !headers.fields().empty() && !headers.has_malformed_line();
  std::string text;
  if (!has_header || headers.find("From") == nullptr) {
    const std::string name =
        options.full_name.empty() ? "" : mail::encode_phrase(options.full_name) + " ";
    text =
        "From: " + name + "<" + (options.sender.empty() ? own_address() : options.sender) + ">\r\n";
  }
  if (!has_header) return text + "\r\n" + message;
  std::size_t kept = 0;
  for (const mail::HeaderField& field : headers.fields()) {
    if (!field.is("Bcc")) continue;
    text.append(message, kept, field.begin - kept);
    kept = field.end;
  }
  return text.append(message, kept);
}

std::string with_domain(const std::string& address) {
  if (address.find('@') != std::string::npos) return address;
  const std::string own = own_address();
  return address + own.substr(own.rfind('@'));
}

/// By the socket that is open to all, else the control socket, for those who may use it.
ControlAnswer submit(const std::string& target, const std::string& message) {
  if (auto answer = ask_server(submit_socket, "POST", target, message, "message/rfc822")) {
    return *answer;
  }
  const CliSession session;
  const auto answer = session.reach(*session.config(), "POST", target, message, "message/rfc822");
  if (!answer) throw IoError(answer.error().text);
  return *answer;
}

void send(const Options& options) {
  const std::string message = read_message(options.ignores_dots);
  std::vector<std::string> recipients = options.recipients;
  if (options.from_header) {
    for (auto& one : header_recipients(mail::HeaderBlock::parse(message))) {
      recipients.push_back(std::move(one));
    }
  }
  if (recipients.empty()) throw Ended{EX_USAGE, "no recipients"};
  std::string sender = options.has_sender ? options.sender : own_address();
  if (sender == "<>") sender.clear();
  std::string target =
      "/v1/messages?from=" + percent_encode(sender.empty() ? sender : with_domain(sender));
  for (const std::string& one : recipients) target += "&to=" + percent_encode(with_domain(one));
  const ControlAnswer response = submit(target, completed(message, options));
  if (response.status < 300) return;
  const auto problem = parse_json(response.body);
  const std::string detail = problem.is_object() ? problem.value("detail", "") : "";
  throw Ended{response.status >= 500 || response.status == 429 ? EX_TEMPFAIL : EX_UNAVAILABLE,
              detail.empty() ? "refused with " + std::to_string(response.status) : detail};
}

int fail(int status, std::string text) {
  std::ranges::replace_if(text, [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  std::fprintf(stderr, "sendmail: %s\n", text.c_str());
  return status;
}

}  // namespace

int sendmail(int argc, char** argv) {
  try {
    const Options options = parse(argc, argv);
    if (!options.is_idle) send(options);
    return EX_OK;
  } catch (const Ended& ended) {
    return fail(ended.status, ended.text);
  } catch (const CommandFailed& failure) {
    return fail(EX_CONFIG, failure.what());
  } catch (const std::exception& error) {  // not running, or it broke off: try again later
    return fail(EX_TEMPFAIL, error.what());
  }
}

}  // namespace postern::relay
