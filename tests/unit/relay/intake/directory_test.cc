// tests/unit/relay/intake/directory_test.cc: who stands in for an address without a mailbox.
#include "relay/intake/directory.h"

#include <catch2/catch.hpp>

#include "../../queue/folder.h"
#include "core/async/thread_pool.h"
#include "relay/config/config.h"

using namespace postern;
using namespace postern::relay;

namespace {

std::vector<std::string> stand_ins(const char* postmaster, const char* address) {
  const Folder folder;
  policy::Accounts accounts(folder.path / "accounts.db", 10);
  ThreadPool pool(1, 10);
  const auto config = std::make_shared<Config>();
  config->hostname = "mail.office.example";
  config->postmaster = postmaster;
  config->domains["office.example"].catch_all = "ann@office.example";
  config->domains["shop.example"].catch_all = "";
  const auto snapshot = std::make_shared<Snapshot>();
  snapshot->config = config;
  std::vector<std::string> all;
  for (const auto& one :
       Directory(accounts, pool, snapshot).stand_ins(*mail::EmailAddress::parse(address)))
    all.push_back(one.text());
  return all;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("postmaster is the configured one, else whoever gets all the rest") {
  const Texts both{"postmaster@office.example", "ann@office.example", "ann@office.example"};
  CHECK(stand_ins("postmaster@office.example", "Postmaster@office.example") == both);
  const Texts of_hostname{"postmaster@office.example", "ann@office.example"};
  CHECK(stand_ins("postmaster@office.example", "postmaster@mail.office.example") == of_hostname);
  CHECK(stand_ins("root@far.example", "postmaster@shop.example") == Texts{"root@far.example"});
}

TEST_CASE("the catch-all of a domain stands in for its own addresses only") {
  CHECK(stand_ins("root@far.example", "nobody@office.example") == Texts{"ann@office.example"});
  CHECK(stand_ins("root@far.example", "nobody@shop.example").empty());
  CHECK(stand_ins("root@far.example", "nobody@elsewhere.example").empty());
  CHECK(stand_ins("root@far.example", "postmaster@elsewhere.example").empty());
}
