// tests/unit/mailbox/store/keywords_test.cc: keywords: their places, and when these are taken.
#include "mailbox/store/store.h"

#include <catch2/catch.hpp>

#include "tests/unit/mailbox/store/store_fixture.h"

using namespace postern::mailbox;

TEST_CASE("an account has 64 keywords") {
  Fixture f;
  f.add("a\r\n");
  for (int i = 0; i < 64; ++i) {
    const FlagUpdate update{.operation = FlagOperation::add, .keywords = {"k" + std::to_string(i)}};
    CHECK(f.store.store_flags(f.inbox, uids({1}), update).has_value());
  }
  CHECK(f.store.store_flags(f.inbox, uids({1}), {.keywords = {"more"}}).error() ==
        StoreError::too_many_keywords);
  CHECK(f.store.keyword_names().size() == 64);
  CHECK(f.store.entries(f.inbox)[0].keywords == ~KeywordBits{0});
}

namespace {

/// Message 1 has all 64: k0 to k63.
void use_all_keywords(Fixture& f) {
  std::vector<std::string> keywords;
  for (int i = 0; i < 64; ++i) keywords.push_back("k" + std::to_string(i));
  f.add("a\r\n");
  REQUIRE(f.store.store_flags(f.inbox, uids({1}), {.keywords = keywords}).has_value());
}

KeywordBits bits_of(Fixture& f, std::initializer_list<std::string> keywords) {
  KeywordBits bits = 0;
  for (std::size_t bit = 0; const std::string& name : f.store.keyword_names()) {
    if (std::ranges::find(keywords, name) != keywords.end()) bits |= KeywordBits{1} << bit;
    ++bit;
  }
  return bits;
}

}  // namespace

TEST_CASE("a keyword that no message has makes room for another, and the rest keep their places") {
  Fixture f;
  use_all_keywords(f);
  const FlagUpdate remove{.operation = FlagOperation::remove, .keywords = {"k7", "k63"}};
  f.store.store_flags(f.inbox, uids({1}), remove);
  f.add("b\r\n");
  const FlagUpdate given{.keywords = {"new", "K63"}};
  REQUIRE(f.store.store_flags(f.inbox, uids({2}), given).has_value());
  CHECK(f.store.keyword_names().size() == 64);
  CHECK(f.store.keyword_names()[7] == "new");
  CHECK(f.store.keyword_names()[63] == "k63");
  const auto entries = f.store.entries(f.inbox);
  CHECK(entries[0].keywords == ~bits_of(f, {"new", "k63"}));
  CHECK(entries[1].keywords == bits_of(f, {"new", "k63"}));
  CHECK(f.store.store_flags(f.inbox, uids({2}), {.keywords = {"more"}}).error() ==
        StoreError::too_many_keywords);
}

TEST_CASE("a STORE that is refused, or removes what nobody has, leaves no new keyword behind") {
  Fixture f;
  use_all_keywords(f);
  const FlagUpdate remove{.operation = FlagOperation::remove, .keywords = {"k7", "unknown"}};
  CHECK(f.store.store_flags(f.inbox, uids({1}), remove).has_value());
  const std::vector<std::string> before = f.store.keyword_names();
  const FlagUpdate update{.operation = FlagOperation::add, .keywords = {"one", "two"}};
  const auto refused = [&](MailboxStore& store) {
    CHECK(store.store_flags(f.inbox, uids({1}), update).error() == StoreError::too_many_keywords);
  };
  refused(f.store);
  CHECK(f.store.keyword_names() == before);
  f.store.transact(std::vector<std::function<void(MailboxStore&)>>{refused});
  CHECK(f.store.keyword_names() == before);
  const auto append = [&](MailboxStore& store) {
    CHECK(store.append(f.inbox, {.content = Content::of("b\r\n")}, {}).has_value());
  };
  f.store.transact(std::vector<std::function<void(MailboxStore&)>>{append, refused, append});
  CHECK(f.store.keyword_names() == before);
  CHECK(f.store.entries(f.inbox).size() == 3);
  CHECK(f.store.store_flags(f.inbox, uids({99}), {.keywords = {"one"}}).has_value());
  CHECK(f.store.keyword_names() == before);
}

TEST_CASE("mail whose keywords cannot be kept is stored with those that can") {
  Fixture f;
  use_all_keywords(f);
  f.store.store_flags(f.inbox, uids({1}), {.operation = FlagOperation::remove, .keywords = {"k7"}});
  const std::vector<NewMail> mails{
      {.content = Content::of("b\r\n"), .keywords = {"k8", "one", std::string(200, 'x')}},
      {.content = Content::of("c\r\n"), .keywords = {"two", "ONE"}}};
  REQUIRE(f.store.append_all(f.inbox, mails, {}).has_value());
  const auto entries = f.store.entries(f.inbox);
  CHECK(entries[1].keywords == bits_of(f, {"k8", "one"}));
  CHECK(entries[2].keywords == bits_of(f, {"one"}));
  CHECK(bits_of(f, {"k7", "two"}) == 0);
}
