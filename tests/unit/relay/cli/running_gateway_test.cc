// tests/unit/relay/cli/running_gateway_test.cc: whose configuration a process serves.
#include "relay/cli/running_gateway.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <random>

using namespace postern::relay;
using namespace std::string_literals;

TEST_CASE("the configuration of a gateway is known by its command line, folder and environment") {
  const std::string environment = "A=b\0POSTERN_CONFIG=named.toml\0"s;
  for (const auto& [arguments, wanted] : std::vector<std::pair<std::string, const char*>>{
           {"postern\0serve\0--config\0/etc/p.toml\0"s, "/etc/p.toml"},
           {"/usr/bin/postern\0--json\0--config=p.toml\0serve\0"s, "/home/p.toml"},
           {"postern\0serve\0"s, "/home/named.toml"}}) {
    CAPTURE(arguments);
    CHECK(served_configuration({arguments, environment, "/home"}) == wanted);
  }
  CHECK(served_configuration({"postern\0serve\0"s, "", "/home"}) == "/etc/postern/postern.toml");
}

TEST_CASE("what is no `postern serve` serves no configuration") {
  for (const std::string& arguments :
       {""s, "postern\0"s, "postern\0reload\0--config\0serve\0"s,
        "sudo\0postern\0serve\0--config\0p.toml\0"s, "postern\0serve me\0"s}) {
    CAPTURE(arguments);
    CHECK_FALSE(served_configuration({arguments, "POSTERN_CONFIG=p.toml\0"s, "/home"}));
  }
}

TEST_CASE("a process that ends while it is looked at does not end the look for a gateway") {
  const auto process =
      std::filesystem::temp_directory_path() / ("pt-" + std::to_string(std::random_device()()));
  // It opens, and reading it fails, as a file of /proc whose process has ended.
  std::filesystem::create_directories(process / "cmdline");
  CHECK(read_start(process).arguments.empty());
  CHECK_FALSE(served_configuration(read_start(process)));
  std::filesystem::remove_all(process);
  CHECK_FALSE(find_control_socket("/nowhere/postern.toml", TrustedPeers()));
}

TEST_CASE("the user of a process is what the kernel says, whatever its name") {
  CHECK(real_user("Name:\tpostern\nUmask:\t0077\nUid:\t998\t998\t998\t998\nGid:\t1\t1\t1\t1\n") ==
        998);
  CHECK(real_user("Name:\tx\\nUid:\\t0\nUid:\t65534\t0\t0\t0\n") == 65534);
  CHECK_FALSE(real_user("Name:\tpostern\n"));
  CHECK_FALSE(real_user(""));
  CHECK_FALSE(real_user("Name:\tx\nUid:\tnobody\n"));
}

TEST_CASE("root, ourselves and the owner of data_dir are trusted, and nobody else") {
  const TrustedPeers trusted;
  CHECK(trusted.includes(0));
  CHECK(trusted.includes(::geteuid()));
  CHECK_FALSE(trusted.includes(::geteuid() + 54321));
}
