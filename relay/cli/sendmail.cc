// relay/cli/sendmail.cc: `sendmail -t -i -f … RCPT…` as programs on this host call it.
#include <sysexits.h>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <vector>

#include "core/error.h"
#include "core/json.h"
#include "core/percent.h"
#include "relay/cli/commands.h"
#include "relay/cli/control_client.h"
#include "relay/cli/sendmail_input.h"
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

std::string message_on_stdin(const Options& options) {
  std::string message = read_message(std::cin, options.ignores_dots, largest_message);
  if (std::cin.bad()) throw Ended{EX_IOERR, "standard input cannot be read"};
  if (message.size() > largest_message) throw Ended{EX_DATAERR, "the message is over 1 GiB"};
  return message;
}

std::vector<std::string> recipients_of(const Options& options, const std::string& message) {
  std::vector<std::string> all;
  for (const std::string& argument : options.recipients) {
    std::ranges::move(addresses_in(argument), std::back_inserter(all));
  }
  if (options.from_header) {
    const auto headers = mail::HeaderBlock::parse(message);
    std::ranges::move(header_recipients(headers), std::back_inserter(all));
  }
  if (all.empty()) throw Ended{EX_USAGE, "no recipients"};
  return all;
}

std::string without_controls(std::string text) {
  std::ranges::replace_if(text, [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  return text;
}

/// By the socket that is open to all, else the control socket, for those who may use it.
ControlAnswer submit(const std::string& target, const std::string& message) {
  TrustedPeers trusted;
  trusted.add_owner(std::filesystem::path(submit_socket).parent_path());  // which lies in /run
  if (auto answer = ask_server(submit_socket, trusted, "POST", target, message, "message/rfc822")) {
    return *answer;
  }
  const CliSession session;
  const auto answer = session.reach(*session.config(), "POST", target, message, "message/rfc822");
  if (!answer) throw IoError(answer.error().text);
  return *answer;
}

/// Of sysexits.h, for an answer that is no success.
int exit_status(unsigned status, const Json& problem) {
  if (status >= 500 || status == 429) return EX_TEMPFAIL;
  if (status == 400) return EX_DATAERR;
  // An address that does not exist: RFC 3463 §3.2.
  return problem.value("enhanced_status", "").starts_with("5.1.") ? EX_NOUSER : EX_UNAVAILABLE;
}

/// What is missing in the addresses and in From, the gateway completes: it knows its name.
void send(const Options& options) {
  const std::string message = message_on_stdin(options);
  std::string target = "/v1/messages?name=" + percent_encode(without_controls(options.full_name));
  if (options.has_sender) target += "&from=" + percent_encode(sender_in(options.sender));
  for (const std::string& one : recipients_of(options, message)) {
    target += "&to=" + percent_encode(one);
  }
  const ControlAnswer response = submit(target, for_submission(message));
  if (response.status < 300) return;
  const Json body = parse_json(response.body);
  const Json problem = body.is_object() ? body : Json::object();
  throw Ended{exit_status(response.status, problem),
              problem.value("detail", "refused with " + std::to_string(response.status))};
}

int fail(int status, const std::string& text) {
  std::fprintf(stderr, "sendmail: %s\n", without_controls(text).c_str());
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
