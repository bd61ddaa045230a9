// tests/unit/mailbox/pop3/command_test.cc: what POP3 clients may write, and what a maildrop
// answers.
#include "mailbox/pop3/command.h"

#include <catch2/catch.hpp>

#include "mailbox/pop3/maildrop.h"

using namespace postern::pop3;
using postern::mailbox::MessageEntry;
using postern::mailbox::Uid;

TEST_CASE("POP3 commands") {
  struct Case {
    std::string line;
    std::optional<Verb> verb;
    std::string text;
    std::optional<std::uint32_t> number;
    std::uint32_t lines = 0;
  };
  // clang-format off
  const auto expected = GENERATE(
      Case{"QUIT", Verb::quit, "", {}},
      Case{"quit ", Verb::quit, "", {}},
      Case{"QUIT now", {}, "", {}},
      Case{"USER ann@a.example", Verb::user, "ann@a.example", {}},
      Case{"PASS  two blanks ", Verb::pass, " two blanks ", {}},
      Case{"PASS", {}, "", {}},
      Case{std::string("PASS a\0b", 8), {}, "", {}},
      Case{"AUTH PLAIN AGEAYg==", Verb::auth, "PLAIN", {}},
      Case{"AUTH", Verb::auth, "", {}},
      Case{"AUTH PLAIN a b", {}, "", {}},
      Case{"LIST", Verb::list, "", {}},
      Case{"LIST 7", Verb::list, "", 7},
      Case{"LIST  7 ", Verb::list, "", 7},
      Case{"LIST +7", {}, "", {}},
      Case{"LIST -7", {}, "", {}},
      Case{"LIST 4294967296", {}, "", {}},
      Case{"LIST 1 2", {}, "", {}},
      Case{"RETR", {}, "", {}},
      Case{"RETR 1", Verb::retr, "", 1},
      Case{"TOP 1", {}, "", {}},
      Case{"TOP 1 0", Verb::top, "", 1, 0},
      Case{"TOP 1 20", Verb::top, "", 1, 20},
      Case{"UIDL 3", Verb::uidl, "", 3},
      Case{"", {}, "", {}},
      Case{" QUIT", {}, "", {}},
      Case{"XTND", {}, "", {}});
  // clang-format on
  CAPTURE(expected.line);
  const auto command = parse_command(expected.line);
  REQUIRE(command.has_value() == expected.verb.has_value());
  if (!command) return;
  CHECK(command->verb == *expected.verb);
  CHECK(command->text == expected.text);
  CHECK(command->number == expected.number);
  CHECK(command->lines == expected.lines);
}

TEST_CASE("numbers of a maildrop stay when a message is marked") {
  std::vector<MessageEntry> entries(3);
  for (std::uint32_t i = 0; i < 3; ++i) {
    entries[i].uid = Uid(i + 10);
    entries[i].size = 100;
  }
  Maildrop maildrop(0xABCD, entries);
  CHECK(maildrop.stat() == "3 300");
  CHECK(maildrop.mark(2));
  CHECK_FALSE(maildrop.mark(2));
  CHECK_FALSE(maildrop.mark(0));
  CHECK_FALSE(maildrop.mark(4));
  CHECK(maildrop.stat() == "2 200");
  CHECK(maildrop.unique_id(3) == "3 0000abcd0000000c");
  CHECK(maildrop.marked() == std::vector{Uid(11)});
  maildrop.unmark_all();
  CHECK(maildrop.stat() == "3 300");
}

TEST_CASE("TOP gives the header, the empty line and so many lines, at any packet borders") {
  const std::string message = "A: b\r\nC: d\r\n\r\none\r\n\r\nthree\r\n";
  struct Case {
    std::uint32_t lines;
    std::string expected;
  };
  const auto [lines, expected] =
      GENERATE(Case{0, "A: b\r\nC: d\r\n\r\n"}, Case{1, "A: b\r\nC: d\r\n\r\none\r\n"},
               Case{2, "A: b\r\nC: d\r\n\r\none\r\n\r\n"},
               Case{9, "A: b\r\nC: d\r\n\r\none\r\n\r\nthree\r\n"});
  for (std::size_t step = 1; step <= message.size(); ++step) {
    TopCutter cutter(lines);
    std::string cut;
    for (std::size_t at = 0; at < message.size() && !cutter.done(); at += step) {
      cut += cutter.take(std::string_view(message).substr(at, step));
    }
    CHECK(cut == expected);
  }
}
