// relay/cli/init.cc: the files of a new instance.
#include "relay/cli/init.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <ranges>

#include "core/error.h"
#include "core/file_owner.h"
#include "core/mail/address.h"
#include "core/percent.h"
#include "policy/dkim/signer.h"
#include "relay/cli/certificate.h"
#include "relay/cli/session.h"
#include "relay/config/services.h"

namespace postern::relay {

namespace {

namespace fs = std::filesystem;

/// A service of a new instance.
struct Offer {
  Service service;
  std::string_view comment;
};
constexpr std::array offers{
    Offer{Service::smtp, "mail from the world for local domains; relays for trusted_networks only"},
    Offer{Service::submission, "people and applications, STARTTLS, then a login"},
    Offer{Service::submissions, "the same with TLS from the first byte"},
    Offer{Service::imap, "readers, STARTTLS"},
    Offer{Service::imaps, "readers, TLS"},
    Offer{Service::pop3, "readers, STLS"},
    Offer{Service::pop3s, "readers, TLS"},
    Offer{Service::http, "API, metrics and health; loopback only, put a proxy with TLS before it"},
};
constexpr unsigned highest_port = std::ranges::max(
    offers | std::views::transform([](const Offer& offer) { return row_of(offer.service).port; }));

std::string listeners(const std::optional<std::uint16_t>& base_port) {
  std::string text;
  for (const Offer& offer : offers) {
    const ServiceRow& row = row_of(offer.service);
    std::string addresses;
    if (base_port)
      addresses = fmt::format("\"127.0.0.1:{}\"", *base_port + row.port);
    else if (row.protocol == Protocol::http)
      addresses = fmt::format("\"127.0.0.1:{}\"", row.port);
    else
      addresses = fmt::format("\"0.0.0.0:{0}\", \"[::]:{0}\"", row.port);
    text +=
        fmt::format("\n[[listener]]                     # {}\nservice = \"{}\"\naddress = [{}]\n",
                    offer.comment, row.name, addresses);
  }
  return text;
}

/// Where the instance keeps its data: what stands in /etc does not change by itself.
fs::path data_folder(const fs::path& folder) {
  const fs::path whole = fs::absolute(folder).lexically_normal();
  const fs::path place = whole.has_filename() ? whole : whole.parent_path();
  if (place.parent_path() == "/etc") return fs::path("/var/lib") / place.filename();
  return folder / "data";
}

/// Whom the instance is for, when that is another than who makes it.
std::optional<SystemUser> other_user(const std::string& asked) {
  if (asked.empty()) return ::geteuid() == 0 ? find_user("postern") : std::nullopt;
  auto user = find_user(asked);
  if (!user)
    throw CommandFailed(Exit::wrong_usage,
                        fmt::format("--user {0}: this machine has no such user; make it first: "
                                    "useradd --system {0}",
                                    asked));
  if (user->id == ::geteuid()) return std::nullopt;
  if (::geteuid() != 0)
    throw CommandFailed(Exit::refused, "--user: only root can make an instance for another user");
  return user;
}

std::string configuration(const InitOptions& options, const std::string& data_dir) {
  return fmt::format(
      R"(# postern.toml: see docs/configuration.md. `postern check` reads it and names every mistake.

hostname = "{0}"
postmaster = "postmaster@{1}"
data_dir = "{3}"
user = "{4}"                     # whom `serve` becomes when root starts it; "" is postern, where there is one
trusted_networks = []            # may relay without a login on `smtp` listeners

[log]
format = "json"                  # json | text
level = "info"

[tls]
certificate = "tls/cert.pem"     # self-signed for a start; replace both files, they are read again
key = "tls/key.pem"
{2}
[limits]
message_size = "50MB"
recipients = 1000

[domain."{1}"]
dkim = [
  {{ selector = "p1", key = "dkim/p1.pem" }},    # RSA-2048
  {{ selector = "p2", key = "dkim/p2.pem" }},    # Ed25519
]

[queue]
redis = "managed"                # a redis-server of our own, on a unix socket under data_dir
memory_limit = "4GB"
disk_reserve = "2GB"
retry = {{ first = "1m", factor = 2, max = "4h", jitter = 0.1 }}
expire = "5d"
warn_after = "4h"

[delivery]
tls = "opportunistic"            # opportunistic | required | off
)",
      options.hostname, options.domain, listeners(options.base_port), data_dir, options.user);
}

void write_file(const fs::path& path, std::string_view text, mode_t mode) {
  make_folder_if_missing(path.parent_path(), 0755);
  make_file_if_missing(path);
  std::ofstream file(path, std::ios::binary);
  chmod(path.c_str(), mode);
  file << text;
  file.close();
  if (!file) throw IoError("cannot write " + path.string());
}

/// Root's, for the user's group to read; of one's own instance, one's own.
void write_key(const fs::path& path, std::string_view pem,
               const std::optional<SystemUser>& reader) {
  write_file(path, pem, 0600);
  if (!reader) return;
  give_to({.name = "root", .id = 0, .group = reader->group}, path);
  chmod(path.c_str(), 0640);
}

void refuse_to_overwrite(const fs::path& folder, const fs::path& data) {
  for (const fs::path& path : {folder / "postern.toml", folder / "tls", folder / "dkim", data}) {
    const bool is_free = !fs::exists(path) || (path == data && fs::is_empty(path));
    if (is_free) continue;
    throw CommandFailed(
        Exit::refused,
        fmt::format("{} exists already; init overwrites nothing: name another folder",
                    path.string()));
  }
}

void make_data_folder(const fs::path& data, const std::optional<SystemUser>& user) {
  make_folder_if_missing(data, 0700);
  if (!user) return;
  chmod(data.c_str(), 0700);
  give_to(*user, data);
}

std::string host_or_die(const std::string& text, const char* option) {
  const auto domain = mail::Domain::parse(text);
  if (!domain || domain->text().starts_with('['))
    throw CommandFailed(
        Exit::wrong_usage,
        fmt::format("{} \"{}\" is no domain name, such as office.example", option, text));
  return domain->text();
}

/// As a shell reads it.
std::string in_shell_quotes(const std::string& word) {
  const auto is_plain = [](char c) {
    return is_unreserved(c) || std::string_view("/+,:@%").contains(c);
  };
  if (!word.empty() && std::ranges::all_of(word, is_plain)) return word;
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string next_steps(const InitOptions& options) {
  const std::string config = in_shell_quotes((options.folder / "postern.toml").string());
  std::string records;
  for (const char* selector : {"p1", "p2"}) {
    const auto key = policy::DkimKey::load(
        options.domain, selector,
        (options.folder / "dkim" / (std::string(selector) + ".pem")).string());
    if (key) records += "  " + policy::dkim_zone_line(*key) + "\n";
  }
  return fmt::format(
      "A new instance is in {0}. Next:\n\n"
      "  postern account add ann@{1} --config {2}\n"
      "  postern check --config {2}\n"
      "  postern serve --config {2}\n\n"
      "Somebody must read postmaster@{1} (RFC 5321 §4.5.1), such as ann:\n\n"
      "  postern alias add postmaster@{1} ann@{1} --config {2}\n\n"
      "Publish these for signed mail:\n\n{3}",
      options.folder.string(), options.domain, config, records);
}

}  // namespace

std::string init_instance(const InitOptions& asked) {
  InitOptions options = asked;
  options.domain = host_or_die(asked.domain, "--domain");
  options.hostname =
      host_or_die(asked.hostname.empty() ? "mail." + options.domain : asked.hostname, "--hostname");
  if (options.base_port && *options.base_port > 65535 - highest_port)
    throw CommandFailed(Exit::wrong_usage,
                        fmt::format("--base-port may be at most {}", 65535 - highest_port));
  const std::optional<SystemUser> user = other_user(asked.user);
  if (user) options.user = user->name;
  const fs::path data = data_folder(options.folder);
  refuse_to_overwrite(options.folder, data);
  make_folder_if_missing(options.folder, 0755);
  make_data_folder(data, user);
  const SelfSigned certificate = make_self_signed(options.hostname);
  write_file(options.folder / "tls/cert.pem", certificate.certificate, 0644);
  write_key(options.folder / "tls/key.pem", certificate.key, user);
  write_key(options.folder / "dkim/p1.pem",
            policy::generate_dkim_pem(policy::DkimAlgorithm::rsa_sha256), user);
  write_key(options.folder / "dkim/p2.pem",
            policy::generate_dkim_pem(policy::DkimAlgorithm::ed25519_sha256), user);
  // Last: its presence says that all is there.
  const bool lies_within = data.parent_path() == options.folder;
  write_file(options.folder / "postern.toml",
             configuration(options, lies_within ? "data" : data.string()), 0644);
  return next_steps(options);
}

}  // namespace postern::relay
