// tests/unit/core/config_test.cc: the notations of postern.toml, and the files that it names.
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "core/config/plain_toml.h"
#include "core/config/secret.h"
#include "core/config/values.h"
#include "core/error.h"

using namespace postern;
using namespace std::chrono_literals;

TEST_CASE("what is not ASCII is at home in strings, in comments and in keys that are strings") {
  const std::string text =
      GENERATE(as<std::string>{}, "a = \"\u00e4\" # \u00e4", "'\u00e4' = 1",
               "a.\"\u00e4\" = 27.0\nb.'\u00e4' = 1", "[domain.\"\u00e4\"]",
               "a = [\n\"\u00e4\",\n'\u00e4'\n]\n\"\u00e4\" = 1",
               "a = [{b.\"\u00e4\" = 1, c.\"\u00e4\" = [1, '\u00e4']}]\nd.'\u00e4' = 1");
  CHECK(config::misplaced_character(text) == std::nullopt);
}

TEST_CASE("durations, sizes and rates") {
  CHECK(config::parse_duration("90s") == 90s);
  CHECK(config::parse_duration("5d") == 120h);
  CHECK(config::parse_duration("250ms") == 250ms);
  for (const std::string_view text : {"", "s", "5", "5 m", "-5m", "5w", "18446744073709551616s"}) {
    CHECK_FALSE(config::parse_duration(text));
  }
  CHECK(config::parse_size("64KiB") == 65536U);
  CHECK(config::parse_size("25MB") == 25'000'000U);
  for (const std::string_view text : {"", "25", "25mb", "99999999TB", "1.5GB"}) {
    CHECK_FALSE(config::parse_size(text));
  }
  CHECK(config::parse_rate("30/h")->count == 30);
  CHECK(config::parse_rate("30/h")->per == 1h);
  for (const std::string_view text : {"", "30", "30/", "0/h", "30/ms", "/h"}) {
    CHECK_FALSE(config::parse_rate(text));
  }
}

TEST_CASE("the first line of a secret's file is the secret") {
  const auto path =
      std::filesystem::temp_directory_path() / ("postern-secret-" + std::to_string(::getpid()));
  std::ofstream(path) << "hush hush\r\nnot this\n";
  CHECK(config::read_secret(path) == "hush hush");
  std::filesystem::remove(path);
  CHECK_THROWS_AS(config::read_secret(path), IoError);
}
