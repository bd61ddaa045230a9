// SEARCH: its keys, and which messages they mean.
#include "mailbox/imap/commands/search/evaluation.h"

#include <catch2/catch.hpp>

using namespace postern;
using namespace postern::imap;

namespace {

constexpr mailbox::Seconds day = 24 * 3600;

SearchEntry entry_of(std::uint32_t number) {
  SearchEntry entry;
  entry.number = number;
  entry.is_recent = number == 3;
  entry.message.uid = mailbox::Uid{number * 10};
  entry.message.size = number * 1000;
  entry.message.modseq = number * 100;
  entry.message.internal_date = 10'000 * day + number * day + 3600;
  entry.message.sent_date = 10'000 * day + number * day;
  entry.message.system_flags = number == 1   ? mailbox::flag::seen
                               : number == 2 ? mailbox::flag::deleted | mailbox::flag::flagged
                                             : 0;
  entry.message.keywords = number == 2 ? 1 : 0;
  return entry;
}

/// The numbers of three messages that match.
std::vector<std::uint32_t> found(std::string_view keys) {
  auto search = SearchRequest::parse(" " + std::string(keys));
  INFO(keys << ": " << (search ? "" : search.error().error.text));
  REQUIRE(search);
  REQUIRE_FALSE(search->key.needs_content());
  search->key.resolve(3, 30);
  std::vector<std::uint32_t> numbers;
  for (std::uint32_t number = 1; number <= 3; ++number) {
    if (matches(search->key, entry_of(number), {"$Junk"}, SearchTime{10'003 * day + 3600}))
      numbers.push_back(number);
  }
  return numbers;
}

}  // namespace

TEST_CASE("each cheap search key means what RFC 3501 says") {
  using Numbers = std::vector<std::uint32_t>;
  CHECK(found("ALL") == Numbers{1, 2, 3});
  CHECK(found("SEEN") == Numbers{1});
  CHECK(found("UNSEEN") == Numbers{2, 3});
  CHECK(found("DELETED FLAGGED") == Numbers{2});
  CHECK(found("UNDELETED") == Numbers{1, 3});
  CHECK(found("ANSWERED").empty());
  CHECK(found("UNANSWERED UNDRAFT UNFLAGGED") == Numbers{1, 3});
  CHECK(found("RECENT") == Numbers{3});
  CHECK(found("NEW") == Numbers{3});
  CHECK(found("OLD") == Numbers{1, 2});
  CHECK(found("KEYWORD $junk") == Numbers{2});
  CHECK(found("UNKEYWORD $Junk") == Numbers{1, 3});
  CHECK(found("UNKEYWORD never-seen") == Numbers{1, 2, 3});
  CHECK(found("2:*") == Numbers{2, 3});
  CHECK(found("UID 10,25:*") == Numbers{1, 3});
  CHECK(found("LARGER 1000") == Numbers{2, 3});
  CHECK(found("SMALLER 2000") == Numbers{1});
  CHECK(found("ON 21-May-1997") == Numbers{2});
  CHECK(found("BEFORE \"21-May-1997\"") == Numbers{1});
  CHECK(found("SINCE 21-May-1997") == Numbers{2, 3});
  CHECK(found("SENTON 20-May-1997") == Numbers{1});
  CHECK(found("SENTBEFORE 22-May-1997") == Numbers{1, 2});
  CHECK(found("SENTSINCE 22-May-1997") == Numbers{3});
  CHECK(found("YOUNGER 86400") == Numbers{2, 3});
  CHECK(found("OLDER 86400") == Numbers{1, 2});
  CHECK(found("MODSEQ 200") == Numbers{2, 3});
  CHECK(found("MODSEQ \"/flags/\\\\Seen\" all 300") == Numbers{3});
  CHECK(found("NOT SEEN") == Numbers{2, 3});
  CHECK(found("NOT (SEEN 1)") == Numbers{2, 3});
  CHECK(found("OR SEEN DELETED") == Numbers{1, 2});
  CHECK(found("OR (1 SEEN) (NOT 1 RECENT)") == Numbers{1, 3});
  CHECK(found("CHARSET UTF-8 SEEN") == Numbers{1});
  CHECK(found("RETURN (MIN COUNT) SEEN") == Numbers{1});
}

TEST_CASE("keys that need contents say so, and carry UTF-8") {
  const auto search =
      SearchRequest::parse(" CHARSET ISO-8859-1 OR SUBJECT {3}\r\nf\xfcr NOT BODY x");
  REQUIRE(search);
  CHECK(search->key.needs_content());
  CHECK(search->key.children[0].field == "Subject");
  CHECK(search->key.children[0].text == "für");
  CHECK(SearchRequest::parse(" HEADER X-Spam \"\"")->key.field == "X-Spam");
}

TEST_CASE("an unknown charset is told from a mistake") {
  using Kind = SearchError::Kind;
  CHECK(SearchRequest::parse(" CHARSET X-NONE TEXT a").error().kind == Kind::unknown_charset);
  CHECK(SearchRequest::parse(" CHARSET UTF-8 TEXT").error().kind == Kind::syntax);
}

TEST_CASE("what is no search is refused") {
  for (const std::string_view text :
       {"", " ", " NOTHING", " (SEEN", " SEEN)", " OR SEEN", " NOT", " BEFORE yesterday", " LARGER",
        " LARGER x", " UID 0", " RETURN (ALL", " RETURN (NONE) ALL", " SEEN  DELETED", " ()"}) {
    INFO(text);
    CHECK_FALSE(SearchRequest::parse(text));
  }
}

TEST_CASE("keys that are nested too deeply are refused before the stack is") {
  CHECK_FALSE(SearchRequest::parse(" " + std::string(30'000, '(')));
  std::string deep;
  for (int i = 0; i < 10'000; ++i) deep += "NOT ";
  CHECK_FALSE(SearchRequest::parse(" " + deep + "SEEN"));
  CHECK(SearchRequest::parse(" ((((((((SEEN))))))))"));
}
