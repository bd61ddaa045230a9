// tests/unit/relay/config/config_test.cc: postern.toml, its defaults and its mistakes.
#include "relay/config/config.h"

#include <catch2/catch.hpp>

using namespace postern;
using namespace postern::relay;
using namespace std::chrono_literals;

namespace {

const std::filesystem::path file = "/somewhere/postern.toml";

std::shared_ptr<const Config> good(std::string_view text) {
  auto config = parse_config(text, file);
  if (!config) FAIL(config.error().front().message());
  return *config;
}

/// All mistakes, a line each.
std::string mistakes(std::string_view text) {
  const auto config = parse_config(text, file);
  std::string all;
  if (!config) {
    for (const auto& error : config.error()) all += error.message() + "\n";
  }
  return all;
}

}  // namespace

TEST_CASE("an empty file has the defaults of the contract") {
  const auto config = good("hostname = \"Mail.Office.example\"\n");
  CHECK(config->hostname == "mail.office.example");
  CHECK(config->postmaster == "postmaster@mail.office.example");
  CHECK(config->data_dir == "/var/lib/postern");
  CHECK(config->queue.spool == "/var/lib/postern/spool");
  CHECK(config->trusted_networks.empty());
  CHECK(config->limits.message_size == 50'000'000);
  CHECK(config->queue.is_managed());
  CHECK(config->queue.retry.expire == 120h);
  CHECK(config->delivery.port == 25);
  CHECK_FALSE(config->delivery.command_timeout);
  CHECK(config->worker_count() >= 1);
  REQUIRE(config->warnings.size() >= 1);
  CHECK(config->warnings.back().find("nothing will listen") != std::string::npos);
}

TEST_CASE("every section is read") {
  const auto config = good(R"(
hostname = "mail.office.example"
data_dir = "data"
workers = 2
trusted_networks = ["192.0.2.0/24", "::1"]
[log]
format = "text"
level = "debug"
[[listener]]
service = "smtp"
address = ["127.0.0.1:2525", "[::1]:2525", "unix:/run/x.sock"]
[[listener]]
service = "http"
address = "127.0.0.1:8080"
[[listener]]
service = "submission"
address = ["127.0.0.1:2587"]
tls = "optional"
name = "devices"
[limits]
message_size = "25MB"
auth_failures_per_ip = { count = 3, per = "1m" }
[domain."Bücher.example"]
catch_all = "all@office.example"
[queue]
redis = "redis://user:pass@127.0.0.1:6379/0"
retry = { first = "1s", factor = 2, max = "4s", jitter = 0.1 }
warn_after = "0s"
[delivery]
dns = ["127.0.0.1:5353", "::1"]
source = ["192.0.2.1"]
concurrency = { initial = 2, max = 9 }
command_timeout = "10s"
[[route]]
to = "*.partner.example"
via = "smtp://10.0.0.1:2525"
[[route]]
to = "*"
via = "reject 5.7.1 not to there"
)");
  CHECK(config->data_dir == "/somewhere/data");
  CHECK(config->queue.spool == "/somewhere/data/spool");
  REQUIRE(config->listeners.size() == 3);
  CHECK(config->listeners[0].tls == net::TlsOffer::optional);
  CHECK(config->listeners[0].addresses[2].is_unix());
  CHECK(config->listeners[1].tls == net::TlsOffer::off);
  CHECK(config->listeners[1].takes_credentials_in_clear());
  CHECK(config->listeners[2].takes_credentials_in_clear());
  CHECK_FALSE(config->listeners[0].name == "devices");
  CHECK(config->limits.auth_failures_per_ip.count == 3);
  CHECK(config->domains.contains("xn--bcher-kva.example"));
  CHECK_FALSE(config->queue.is_managed());
  CHECK(config->queue.retry.first == 1s);
  CHECK(config->queue.retry.warn_after == 0s);
  CHECK(config->delivery.dns[1].port() == 53);
  CHECK(config->delivery.command_timeout == 10s);
  CHECK(config->delivery.max_concurrency == 9);
  const auto hop = [&](std::size_t route) {
    return std::get<queue::NextHop>(config->routes[route].via);
  };
  CHECK(std::get<queue::ToSmarthost>(hop(0)).host == "10.0.0.1");
  CHECK(std::get<queue::Reject>(hop(1)).words == "not to there");
  CHECK(config->log_level == log::Level::debug);
}

TEST_CASE("every mistake is told with its line") {
  const std::string said = mistakes(R"(hostname = "a b"
recipient = 3
[limits]
recipients = "many"
recipient = 3
message_size = "12XB"
[nonsense]
x = 1
[[listener]]
service = "smpt"
address = ["127.0.0.1"]
)");
  CHECK(said.find("postern.toml:1: hostname: \"a b\" is no host name") != std::string::npos);
  CHECK(said.find("postern.toml:2: unknown key \"recipient\"") != std::string::npos);
  CHECK(said.find("postern.toml:4: recipients is a string, must be a whole number from 1") !=
        std::string::npos);
  CHECK(
      said.find(
          "postern.toml:5: unknown key \"recipient\" in [limits]; did you mean \"recipients\"?") !=
      std::string::npos);
  CHECK(said.find("postern.toml:6: message_size: \"12XB\" is no size") != std::string::npos);
  CHECK(said.find("postern.toml:7: unknown key \"nonsense\"") != std::string::npos);
  CHECK(said.find("postern.toml:10: service is \"smpt\", must be smtp,") != std::string::npos);
  CHECK(said.find("postern.toml:11: address: \"127.0.0.1\" is no address") != std::string::npos);
}

TEST_CASE("each of these lines is a mistake") {
  const auto [text, words] = GENERATE(table<std::string, std::string>({
      {"x", "not TOML"},
      {"[{listener", "not TOML"},
      {"\n\nworkers\u00e4 = 1", "postern.toml:4: not TOML: what is not ASCII"},
      {"x = \"\"\"\\  \u00e4\"\"\"", "postern.toml:2: not TOML: what is not ASCII"},
      {"x = [1,\n27.\"\u00e4\"]", "postern.toml:3: not TOML: what is not ASCII"},
      {"x = [{a.\"\u00e4\" = [1.\"\u00e4\"]}]", "postern.toml:2: not TOML: what is not ASCII"},
      {"x = [11[[['[\u00e4']", "postern.toml:2: not TOML: what is not ASCII"},
      {"workers = -1", "from 0 to 1024"},
      {"workers = 1.5", "a fraction, must be"},
      {"shutdown_grace = 20", "a whole number, must be a duration"},
      {"shutdown_grace = \"20\"", "is no duration"},
      {"shutdown_grace = \"99999999d\"", "is no duration"},
      {"trusted_networks = [\"10.0.0.0/33\"]", "is no network"},
      {"trusted_networks = [1]", "must hold strings only"},
      {"log = 3", "must be a table"},
      {"listener = 3", "array of tables"},
      {"log = { level = \"loud\" }", "debug, info, warn or error"},
      {"postmaster = \"a\\u0007b\"", "control characters"},
      {"postmaster = \"nobody\"", "is no mail address"},
      {"data_dir = \"/" + std::string(100, 'd') + "\"", "107 octets"},
      {"tls = { certificate = \"nowhere.pem\", key = \"nowhere.key\" }", "cannot be read"},
      {"tls = { certificate = \"nowhere.pem\" }", "both or neither"},
      {"[tls]\nmin_version = \"1.2\"\ncertificate = \"no.pem\"\nkey = \"no.key\"",
       "postern.toml:4: tls.certificate"},
      {"[tls]\nmin_version = \"1.2\"\ncertificate = \"no.pem\"\nkey = \"no.key\"",
       "postern.toml:5: tls.key"},
      {"data_dir = \"/dev/null\"", "must be a folder"},
      {"limits = { connections = 0 }", "from 1 to"},
      {"queue = { redis = \"http://x\" }", "queue.redis must be"},
      {"queue = { redis = [\"managed\", \"unix:///x\"] }", "stands alone"},
      {"queue = { retry = { first = \"5m\", max = \"1m\" } }", "shorter than"},
      {"queue = { memory_limit = \"1MB\" }", "16MB or more"},
      {"delivery = { concurrency = { initial = 9, max = 3 } }", "more than"},
      {"delivery = { tls = \"yes\" }", "opportunistic, required or off"},
      {"domain = { \"a b\" = {} }", "is no local domain"},
      {"domain = { \"a.example\" = { dkim = [{ selector = \"p1\", key = \"none\" }] } }",
       "cannot be read"},
      {"[domain.\"a.example\"]\ndkim = [\n{ selector = \"p1\", key = \"x\" },\n"
       "{ selector = \"P1\", key = \"y\" }]",
       "postern.toml:5: selector \"P1\" has a key already"},
      {"[domain.\"a.example\"]\ndkim = [\n{ selector = \"p1\", key = \"none\" }]",
       "postern.toml:4: dkim key"},
      {"domain = { \"a.example\" = {}, \"A.example\" = {} }", "declared twice"},
      {"route = [{ to = \"*\", via = \"ftp://x\" }]", "is not one of"},
      {"route = [{ to = \"*\", via = \"smtp://\" }]", "is not one of"},
      {"route = [{ to = \"*\", via = \"smtps://user@h\" }]", "password_file"},
      {"route = [{ to = \"*\", via = \"smtps://user:pw@h\" }]", "must not hold a password"},
      {"route = [{ to = \"*\", via = \"mx\", password_file = \"x\" }]", "for a user@"},
      {"route = [{ to = \"*\", via = \"reject because\" }]", "permanent code"},
      {"route = [{ to = \"a@\", via = \"mx\" }]", "neither a domain"},
      {"route = [{ via = \"mx\" }]", "has no `to`"},
      {"listener = [{ service = \"imaps\", address = \"127.0.0.1:1\" }]", "requires TLS"},
      {"listener = [{ service = \"http\", address = \"127.0.0.1:1\", tls = \"required\" }]",
       "no STARTTLS"},
      {"listener = [{ service = \"imaps\", address = \"127.0.0.1:1\", tls = \"off\" }]",
       "first byte"},
      {"listener = [{ service = \"smtp\" }]", "has no `address`"},
      {"listener = [{ service = \"smtp\", address = [] }]", "address is empty"},
      {"listener = [{ service = \"smtp\", address = \"unix:/" + std::string(107, 'x') + "\" }]",
       "is too long"},
      {"listener = [{ service = \"smtp\", address = \"127.0.0.1:1\" }, { service = \"lmtp\", "
       "address = \"127.0.0.1:1\" }]",
       "is taken by"},
      {"listener = [{ service = \"smtp\", address = \"127.0.0.1:1\", proxy_protocol = true }]",
       "proxy_networks"},
      {"device = [{ networks = [\"::1\"], listener = \"d\", sender = \"a@b.example\", recipients = "
       "[\"*\"] }]",
       "no [[listener]] has the name"},
      {"limit = [{ who = \"all\", per = \"1h\", messages = 1 }]", "account, ip"},
      {"webhook = [{ url = \"ftp://x\" }]", "is no \"http"},
      {"webhook = [{ url = \"http://x.example\", events = [\"opened\"] }]", "is no event"},
      {"milter = [{ address = \"here\" }]", "is no address"},
  }));
  CAPTURE(text);
  CHECK(mistakes("hostname = \"m.example\"\n" + text).find(words) != std::string::npos);
}

TEST_CASE("what this version does not do yet is said once") {
  const auto config = good(R"(
hostname = "m.example"
[delivery]
dane = true
mta_sts = false
[[limit]]
who = "account"
messages = 5
per = "1h"
[[limit]]
who = "ip"
messages = 5
per = "1h"
)");
  std::string all;
  for (const auto& warning : config->warnings) all += warning + "\n";
  CHECK(all.find("DANE") != std::string::npos);
  CHECK(all.find("MTA-STS") == std::string::npos);
  CHECK(all.find("[[limit]]") != std::string::npos);
  CHECK(all.find("[[limit]]") == all.rfind("[[limit]]"));
}

TEST_CASE("protection that this version does not give is said to be missing, the default's too") {
  const auto warns_of = [](std::string_view text, std::string_view word) {
    const auto config = good("hostname = \"m.example\"\n" + std::string(text));
    return std::ranges::any_of(config->warnings,
                               [&](const std::string& one) { return one.contains(word); });
  };
  CHECK(warns_of("", "DANE"));
  CHECK(warns_of("", "MTA-STS"));
  CHECK_FALSE(warns_of("[delivery]\ndane = false\nmta_sts = false\n", "DANE"));
  CHECK_FALSE(warns_of("[delivery]\ndane = false\nmta_sts = false\n", "MTA-STS"));
}

TEST_CASE("passwords that pass over http in the clear are warned of, but for loopback") {
  const auto warnings = [](std::string_view address) {
    const auto config =
        good("hostname = \"m.example\"\n[[listener]]\nservice = \"http\"\naddress = \"" +
             std::string(address) + "\"\n");
    return std::ranges::count_if(config->warnings, [](const std::string& one) {
      return one.contains("over http in the clear");
    });
  };
  CHECK(warnings("0.0.0.0:80") == 1);
  CHECK(warnings("192.0.2.1:80") == 1);
  CHECK(warnings("127.0.0.1:80") == 0);
  CHECK(warnings("[::1]:80") == 0);
  CHECK(warnings("unix:run/http.sock") == 0);
}

TEST_CASE("a user that the machine does not have is a mistake, and root is one it has") {
  CHECK(good("hostname = \"m.example\"\nuser = \"root\"")->user == "root");
  CHECK(mistakes("hostname = \"m.example\"\nuser = \"no-such-user\"")
            .contains("postern.toml:2: user: this machine has no user \"no-such-user\""));
}

TEST_CASE("workers, data_dir, the queue's Redis and its spool need a restart") {
  const auto before = good("hostname = \"m.example\"\nworkers = 1");
  const auto after = good(
      "hostname = \"n.example\"\nworkers = 2\ndata_dir = \"d\"\nqueue = { redis = "
      "\"unix:///r\" }");
  CHECK(needs_restart(*before, *after) ==
        std::vector<std::string>{"workers", "data_dir", "queue.redis"});
  CHECK(needs_restart(*before, *before).empty());
  const auto elsewhere =
      good("hostname = \"m.example\"\nworkers = 1\nqueue = { spool = \"other\" }");
  CHECK(needs_restart(*before, *elsewhere) == std::vector<std::string>{"queue.spool"});
}

TEST_CASE("the path of a unix socket is relative to the file, as every path is") {
  const auto config = good("[[listener]]\nservice = \"lmtp\"\naddress = \"unix:run/lmtp.sock\"");
  CHECK(config->listeners.at(0).addresses.at(0).path() == "/somewhere/run/lmtp.sock");
}

TEST_CASE("a listener that offers TLS is told of when there is no certificate") {
  const auto config = good(
      "hostname = \"m.example\"\n\n[[listener]]\nservice = \"submission\"\n"
      "address = \"127.0.0.1:1\"\ntls = \"optional\"");
  const auto of_the_listener = [](const std::string& one) {
    return one.contains("postern.toml:3: ");
  };
  REQUIRE(std::ranges::count_if(config->warnings, of_the_listener) == 1);
  CHECK(std::ranges::find_if(config->warnings, of_the_listener)
            ->contains("postern.toml:3: submission does not offer TLS"));
}
