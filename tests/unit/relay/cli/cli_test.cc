// tests/unit/relay/cli/cli_test.cc: the pure parts of the command line, and the instance that init
// writes.
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <random>

#include "relay/cli/commands.h"
#include "relay/cli/init.h"
#include "relay/cli/session.h"
#include "relay/cli/size.h"
#include "relay/cli/status_screen.h"
#include "relay/cli/table.h"
#include "relay/config/config.h"

using namespace postern;
using namespace postern::relay;

namespace {

class TemporaryFolder {
 public:
  TemporaryFolder()
      : path_(std::filesystem::temp_directory_path() /
              ("pt-" + std::to_string(std::random_device()()))) {
    std::filesystem::create_directories(path_);
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace

TEST_CASE("a size is a whole number with a unit of thousands or of 1024") {
  CHECK(parse_size("0") == 0);
  CHECK(parse_size("25MB") == 25'000'000);
  CHECK(parse_size("64KiB") == 65'536);
  for (const char* bad : {"", "MB", "1.5MB", "-1", "10 MB", "10mb", "99999999999TiB"}) {
    CAPTURE(bad);
    CHECK_THROWS_AS(parse_size(bad), CommandFailed);
  }
}

TEST_CASE("an answer that is not JSON is an error, not an empty listing") {
  CHECK_THROWS_AS(render_listing("<html>", false, {"a"}), postern::IoError);
  CHECK_THROWS_AS(render_object("", true), postern::IoError);
}

TEST_CASE("a listing is a table whose cells hold no terminal escapes") {
  const auto text = render_listing(
      R"([{"id":"A","to":["x","y"],"why":null},{"id":"BB","to":[],"why":"a\u001b[2Jb"}])", false,
      {"id", "to", "why"});
  CHECK(text == "id  to   why\nA   x,y  -\nBB  -    a?[2Jb\n");
  CHECK(render_listing("[]", false, {"id"}).empty());
  CHECK(render_listing("[]", true, {"id"}) == "[]\n");
}

TEST_CASE("what init writes passes the check, keeps its keys secret and is never overwritten") {
  const TemporaryFolder folder;
  const InitOptions options{.folder = folder.path() / "gw",
                            .domain = "Office.Example",
                            .hostname = "",
                            .base_port = 20000};
  const std::string said = init_instance(options);
  CHECK(said.contains("p1._domainkey.office.example"));
  CHECK(said.contains("postern alias add postmaster@office.example ann@office.example --config"));
  const auto config = load_config(options.folder / "postern.toml");
  if (!config) FAIL(config.error().front().message());
  CHECK((*config)->hostname == "mail.office.example");
  CHECK((*config)->listeners.size() == 8);
  CHECK((*config)->domains.at("office.example").dkim.size() == 2);
  struct stat status{};
  REQUIRE(stat((options.folder / "tls/key.pem").c_str(), &status) == 0);
  CHECK((status.st_mode & 077) == 0);
  CHECK_THROWS_AS(init_instance(options), CommandFailed);
}

TEST_CASE("the commands that init prints can be pasted whatever the folder is called") {
  const TemporaryFolder folder;
  const auto said = init_instance({.folder = folder.path() / "Ann's mail",
                                   .domain = "office.example",
                                   .hostname = "",
                                   .base_port = {}});
  CHECK(said.contains("postern serve --config '" + folder.path().string() +
                      "/Ann'\\''s mail/postern.toml'\n"));
}

TEST_CASE("an option whose value is empty is wrong usage, and not a filter that lets all pass") {
  for (std::vector<std::string> line : std::vector<std::vector<std::string>>{
           {"queue", "hold", "--sender", ""},
           {"queue", "remove", "--recipient", "", "--state", "held"},
           {"queue", "list", "--domain", ""},
           {"queue", "hold", "--sender=", "0123456789AB"},
           {"queue", "list", "--limit", "0"},
           {"queue", "show", ""},
           {"trace", ""},
           {"account", "show", ""},
           {"account", "add", "ann@office.example", "--quota", ""},
           {"account", "app-password", "add", "ann@office.example", "--label", "x", "--scope", ""},
           {"account", "app-password", "revoke", "ann@office.example", "--label", ""}}) {
    line.insert(line.begin(), "postern");
    line.insert(line.end(), {"--config", "/nowhere/postern.toml"});
    std::vector<char*> pointers;
    for (std::string& word : line) pointers.push_back(word.data());
    CAPTURE(line);
    CHECK(run_command_line(static_cast<int>(pointers.size()), pointers.data()) == 2);
  }
}

TEST_CASE("an instance that root makes in another's folder is that other's") {
  if (::geteuid() != 0) return;  // only root makes files for others
  const TemporaryFolder folder;
  const auto home = folder.path() / "gw";
  std::filesystem::create_directory(home);
  REQUIRE(::chown(home.c_str(), 12'345, 23'456) == 0);
  init_instance({.folder = home, .domain = "office.example", .hostname = "", .base_port = 20000});
  for (const char* name : {"data", "tls", "tls/key.pem", "dkim/p1.pem", "postern.toml"}) {
    INFO(name);
    struct stat status{};
    REQUIRE(stat((home / name).c_str(), &status) == 0);
    CHECK(status.st_uid == 12'345);
    CHECK(status.st_gid == 23'456);
  }
}

TEST_CASE("init refuses what is no domain and ports that do not exist") {
  const TemporaryFolder folder;
  CHECK_THROWS_AS(
      init_instance(
          {.folder = folder.path() / "gw", .domain = "no domain", .hostname = "", .base_port = {}}),
      CommandFailed);
  CHECK_THROWS_AS(init_instance({.folder = folder.path() / "gw",
                                 .domain = "a.example",
                                 .hostname = "",
                                 .base_port = 65000}),
                  CommandFailed);
}

TEST_CASE("status fits one screen, and says what is wrong while Redis is away") {
  const std::string screen = render_status(R"({"version": "1", "hostname": "mail.example",
    "started": "2026-11-25T05:00:00Z", "ready": false, "trouble": "Redis does not answer",
    "listeners": [{"service": "smtp", "address": "0.0.0.0:25", "tls": "optional", "sessions": 3}],
    "sessions": 3, "queue": null, "rates": {"accepted_per_minute": 7},
    "redis": {"kind": "managed", "up": false, "memory": null, "memory_limit": 1073741824},
    "certificates": [{"file": "tls/cert.pem", "expires": "2027-01-01T00:00:00Z", "days": 37}]})");
  CHECK(screen.find("NOT READY, Redis does not answer") != std::string::npos);
  CHECK(screen.find("smtp     0.0.0.0:25  optional  3") != std::string::npos);
  CHECK(screen.find("queue         unknown") != std::string::npos);
  CHECK(screen.find("accepted 7") != std::string::npos);
  CHECK(screen.find("DOWN, unknown of 1.0 GiB in use") != std::string::npos);
  CHECK(screen.find("in 37 days") != std::string::npos);
}

TEST_CASE("sizes are shown in binary units") {
  CHECK(size_text(512) == "512 B");
  CHECK(size_text(1536) == "1.5 KiB");
  CHECK(size_text(4e9) == "3.7 GiB");
}

TEST_CASE("the sample configuration has no mistake") {
  TemporaryFolder folder;
  InitOptions options;
  options.folder = folder.path() / "instance";
  options.domain = "office.example";
  init_instance(options);  // the certificate and the keys that the sample names
  std::filesystem::copy_file(std::filesystem::path(POSTERN_SOURCE_DIR) / "etc/postern.toml",
                             options.folder / "postern.toml",
                             std::filesystem::copy_options::overwrite_existing);
  const auto loaded = load_config(options.folder / "postern.toml");
  REQUIRE(loaded);
  // But for what its defaults promise and this version does not do yet.
  const auto is_about_the_future = [](const std::string& warning) {
    return warning.contains("DANE") || warning.contains("MTA-STS");
  };
  CHECK(std::ranges::all_of((*loaded)->warnings, is_about_the_future));
}
