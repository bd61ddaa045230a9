// relay/intake/remembered.h: answers hold as long as the accounts do.
#include "relay/intake/remembered.h"

#include <catch2/catch.hpp>

using postern::relay::Remembered;

TEST_CASE("an answer is remembered until the accounts change") {
  Remembered<int> answers;
  REQUIRE(answers.find("a@x.example", 1) == nullptr);
  answers.keep("a@x.example", 7, 1);
  REQUIRE(answers.find("a@x.example", 1) != nullptr);
  CHECK(*answers.find("a@x.example", 1) == 7);
  CHECK(answers.find("b@x.example", 1) == nullptr);
  CHECK(answers.find("a@x.example", 2) == nullptr);
}

TEST_CASE("an answer from before a change is not kept") {
  Remembered<int> answers;
  REQUIRE(answers.find("a@x.example", 1) == nullptr);  // asked, and while that takes its time …
  REQUIRE(answers.find("b@x.example", 2) == nullptr);  // … the accounts change
  answers.keep("a@x.example", 7, 1);
  CHECK(answers.find("a@x.example", 2) == nullptr);
}

TEST_CASE("the number of remembered answers is bounded") {
  Remembered<int> answers;
  REQUIRE(answers.find("", 1) == nullptr);
  for (std::size_t i = 0; i <= Remembered<int>::limit; ++i) {
    answers.keep(std::to_string(i), 1, 1);
  }
  CHECK(answers.find("0", 1) == nullptr);
  CHECK(answers.find(std::to_string(Remembered<int>::limit), 1) != nullptr);
}
