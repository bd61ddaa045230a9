// The small pure parts: sets of numbers, wildcards, strings, the view of a session.
#include <catch2/catch.hpp>

#include "mailbox/imap/grammar/flags.h"
#include "mailbox/imap/grammar/sequence_set.h"
#include "mailbox/imap/grammar/wildcard.h"
#include "mailbox/imap/grammar/writer.h"
#include "mailbox/imap/session/view.h"

using namespace postern;
using namespace postern::imap;

TEST_CASE("a sequence set resolves to ascending intervals that do not touch") {
  using Intervals = std::vector<Interval>;
  CHECK(SequenceSet::parse("5,1:3,2:4")->resolve(10) == Intervals{{1, 5}});
  CHECK(SequenceSet::parse("3:1")->resolve(10) == Intervals{{1, 3}});
  CHECK(SequenceSet::parse("*")->resolve(10) == Intervals{{10, 10}});
  CHECK(SequenceSet::parse("15:*")->resolve(10) == Intervals{{10, 15}});
  CHECK(SequenceSet::parse("*:4")->resolve(10) == Intervals{{4, 10}});
  CHECK(SequenceSet::parse("*")->resolve(0).empty());
  CHECK(SequenceSet::parse("4294967295,4294967294")->resolve(1) ==
        Intervals{{4294967294, 4294967295}});
  for (const std::string_view text :
       {"", "0", "1,", ",1", "1:", ":1", "a", "01", "4294967296", "1 2", "-1", "+1"}) {
    INFO(text);
    CHECK_FALSE(SequenceSet::parse(text));
  }
  CHECK(SequenceSet::parse("1:3")->is_within(3));
  CHECK_FALSE(SequenceSet::parse("1:4")->is_within(3));
  CHECK_FALSE(SequenceSet::parse("*")->is_within(0));
  CHECK(SequenceSet::parse("1:*")->is_within(0));
  CHECK_FALSE(SequenceSet::parse("1:*,2")->is_within(0));
  CHECK_FALSE(SequenceSet::parse("2:*")->is_within(0));
  CHECK(write_set(std::vector<std::uint32_t>{1, 2, 3, 5, 7, 8}) == "1:3,5,7:8");
}

TEST_CASE("a star matches anything, a percent one level") {
  struct Row {
    std::string_view pattern, name;
    bool matches;
  };
  const Row rows[] = {
      {"*", "INBOX", true},
      {"*", "a/b/c", true},
      {"%", "a", true},
      {"%", "a/b", false},
      {"a/%", "a/b", true},
      {"a/%", "a/b/c", false},
      {"a%", "a", true},
      {"%/%", "a/b", true},
      {"%/%", "a", false},
      {"*c", "a/b/c", true},
      {"a*c", "abc/bc", true},
      {"a%c", "abc/bc", false},
      {"%*", "a/b", true},
      {"*%", "a/b", true},
      {"%%%", "abc", true},
      {"%%%", "a/c", false},
      {"", "", true},
      {"", "a", false},
      {"a", "a", true},
      {"a", "ab", false},
      {"%b%/c", "abb/c", true},
      {"*/%x", "a/b/yx", true},
      {"*a%b", "xa/b/ab", true},
      {"inbox", "INBOX", false},
  };
  for (const Row& row : rows) {
    INFO(row.pattern << " " << row.name);
    CHECK(matches_pattern(row.pattern, row.name) == row.matches);
  }
}

TEST_CASE("a pattern of many stars takes no longer than the product of the lengths") {
  std::string pattern;
  for (int i = 0; i < 500; ++i) pattern += "*a%a";
  CHECK_FALSE(matches_pattern(pattern + "b", std::string(1000, 'a')));
}

TEST_CASE("a string is quoted where it can be, else a literal") {
  CHECK(quoted("plain") == "\"plain\"");
  CHECK(quoted("") == "\"\"");
  CHECK(quoted("a\"b\\c") == "\"a\\\"b\\\\c\"");
  CHECK(quoted("a\r\nb") == "{4}\r\na\r\nb");
  CHECK(quoted("ü") == "{2}\r\nü");
  CHECK(quoted(std::string_view("a\0b", 3)) == "{3}\r\na b");
  std::string out;
  write_astring(out, "Subject");
  CHECK(out == "Subject");
  out.clear();
  write_astring(out, "nil");
  CHECK(out == "\"nil\"");
  out.clear();
  write_mailbox(out, "Entwürfe");
  CHECK(out == "\"Entw&APw-rfe\"");
}

TEST_CASE("flags and dates are written in the RFC's case") {
  CHECK(write_flags(mailbox::flag::seen | mailbox::flag::flagged, 2, {"a", "$Forwarded"}, true) ==
        "(\\Flagged \\Seen \\Recent $Forwarded)");
  CHECK(write_flags(0, 0, {}, false) == "()");
  CHECK(write_internal_date(837596665) == "\"17-Jul-1996 09:44:25 +0000\"");
  CHECK(write_internal_date(0) == "\" 1-Jan-1970 00:00:00 +0000\"");
  CHECK(write_internal_date(-62'135'596'801) == "\" 1-Jan-0001 00:00:00 +0000\"");
  CHECK(write_internal_date(253'402'300'800) == "\"31-Dec-9999 23:59:59 +0000\"");
  CHECK(write_internal_date(836179200) == "\" 1-Jul-1996 00:00:00 +0000\"");
}

namespace {
mailbox::MessageEntry message(std::uint32_t uid, mailbox::ModSeq modseq = 1) {
  mailbox::MessageEntry entry;
  entry.uid = mailbox::Uid{uid};
  entry.modseq = modseq;
  return entry;
}
using Numbers = std::vector<std::uint32_t>;
}  // namespace

TEST_CASE("an expunge elsewhere keeps its number until it may be told") {
  SessionView view(std::vector{message(10), message(20), message(30), message(40)});
  const std::vector now{message(10), message(40), message(50)};
  auto update = view.take(now, false);
  CHECK(update.expunged.empty());
  CHECK(update.has_grown);
  CHECK(view.size() == 5);
  CHECK(view.number(mailbox::Uid{40}) == 4u);
  update = view.take(now, true);
  CHECK(update.expunged == Numbers{3, 2});  // descending: each holds when told
  CHECK(update.vanished == std::vector{mailbox::Uid{20}, mailbox::Uid{30}});
  CHECK_FALSE(update.has_grown);
  CHECK(view.number(mailbox::Uid{40}) == 2u);
  CHECK(view.take({}, true).expunged == Numbers{3, 2, 1});
}

TEST_CASE("flags that another session changed are told once") {
  SessionView view(std::vector{message(1, 5), message(2, 6)});
  const std::vector now{message(1, 9), message(2, 6)};
  CHECK(view.take(now, true).changed == Numbers{1});
  CHECK(view.take(now, true).changed.empty());
  view.tell(2, 12);
  CHECK(view.take(std::vector{message(1, 9), message(2, 12)}, true).changed.empty());
}

TEST_CASE("sets mean numbers or uids of what the session knows") {
  const SessionView view(std::vector{message(10), message(20), message(30)});
  CHECK(view.resolve(*SequenceSet::parse("2:*"), false) == Numbers{2, 3});
  CHECK(view.resolve(*SequenceSet::parse("15:25,99:*"), true) == Numbers{2, 3});
  CHECK(view.resolve(*SequenceSet::parse("1:4294967295"), true) == Numbers{1, 2, 3});
  CHECK(view.resolve(*SequenceSet::parse("1:4294967295"), false) == Numbers{1, 2, 3});
}
