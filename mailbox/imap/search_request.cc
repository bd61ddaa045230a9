// mailbox/imap/search_request.cc: the grammar of SEARCH.
#include "mailbox/imap/search_request.h"

#include <algorithm>
#include <array>

#include "core/mail/charset.h"
#include "mailbox/imap/grammar.h"

namespace postern::imap {
namespace {

using Kind = SearchKey::Kind;

enum class Takes : std::uint8_t { nothing, text, keyword, date, number };

struct Word {
  std::string_view name;
  Kind kind;
  Takes takes;
  std::string_view field;   // of a header key
  std::uint8_t flag = 0;    // of a flag key
  bool is_negated = false;  // UNSEEN …
};

// clang-format off
constexpr std::array words{
    Word{"ALL",         Kind::all,         Takes::nothing, ""},
    Word{"ANSWERED",    Kind::system_flag, Takes::nothing, "", mailbox::flag::answered},
    Word{"DELETED",     Kind::system_flag, Takes::nothing, "", mailbox::flag::deleted},
    Word{"DRAFT",       Kind::system_flag, Takes::nothing, "", mailbox::flag::draft},
    Word{"FLAGGED",     Kind::system_flag, Takes::nothing, "", mailbox::flag::flagged},
    Word{"SEEN",        Kind::system_flag, Takes::nothing, "", mailbox::flag::seen},
    Word{"UNANSWERED",  Kind::system_flag, Takes::nothing, "", mailbox::flag::answered, true},
    Word{"UNDELETED",   Kind::system_flag, Takes::nothing, "", mailbox::flag::deleted, true},
    Word{"UNDRAFT",     Kind::system_flag, Takes::nothing, "", mailbox::flag::draft, true},
    Word{"UNFLAGGED",   Kind::system_flag, Takes::nothing, "", mailbox::flag::flagged, true},
    Word{"UNSEEN",      Kind::system_flag, Takes::nothing, "", mailbox::flag::seen, true},
    Word{"RECENT",      Kind::recent,      Takes::nothing, ""},
    Word{"OLD",         Kind::recent,      Takes::nothing, "", 0, true},
    Word{"KEYWORD",     Kind::keyword,     Takes::keyword, ""},
    Word{"UNKEYWORD",   Kind::keyword,     Takes::keyword, "", 0, true},
    Word{"BCC",         Kind::header,      Takes::text,    "Bcc"},
    Word{"CC",          Kind::header,      Takes::text,    "Cc"},
    Word{"FROM",        Kind::header,      Takes::text,    "From"},
    Word{"SUBJECT",     Kind::header,      Takes::text,    "Subject"},
    Word{"TO",          Kind::header,      Takes::text,    "To"},
    Word{"BODY",        Kind::body,        Takes::text,    ""},
    Word{"TEXT",        Kind::text,        Takes::text,    ""},
    Word{"BEFORE",      Kind::before,      Takes::date,    ""},
    Word{"ON",          Kind::on,          Takes::date,    ""},
    Word{"SINCE",       Kind::since,       Takes::date,    ""},
    Word{"SENTBEFORE",  Kind::sent_before, Takes::date,    ""},
    Word{"SENTON",      Kind::sent_on,     Takes::date,    ""},
    Word{"SENTSINCE",   Kind::sent_since,  Takes::date,    ""},
    Word{"LARGER",      Kind::larger,      Takes::number,  ""},
    Word{"SMALLER",     Kind::smaller,     Takes::number,  ""},
    Word{"YOUNGER",     Kind::younger,     Takes::number,  ""},
    Word{"OLDER",       Kind::older,       Takes::number,  ""},
};
// clang-format on

SearchKey negation(SearchKey key) {
  SearchKey result;
  result.kind = Kind::none_of;
  result.children.push_back(std::move(key));
  return result;
}

class SearchParser {
 public:
  SearchParser(Cursor& cursor, std::string charset)
      : cursor_(cursor), charset_(std::move(charset)) {}

  /// One or more keys with blanks between: all of them must hold.
  SearchKey keys(int depth) {
    SearchKey result;
    result.kind = Kind::all_of;
    do {
      result.children.push_back(key(depth));
    } while (cursor_.skip(' '));
    if (result.children.size() == 1) return std::move(result.children.front());
    return result;
  }

 private:
  SearchKey key(int depth) {
    if (depth > nesting_limit) {
      cursor_.fail("keys are nested too deeply");
      return {};
    }
    if (cursor_.skip('(')) {
      SearchKey inner = keys(depth + 1);
      cursor_.expect(')');
      return inner;
    }
    SearchKey result;
    if ((cursor_.peek() >= '0' && cursor_.peek() <= '9') || cursor_.peek() == '*') {
      result.kind = Kind::numbers;
      result.set = cursor_.sequence_set();
      return result;
    }
    return word(depth);
  }

  SearchKey word(int depth) {
    const std::string name = cursor_.upper_atom();
    const auto* known = std::ranges::find(words, name, &Word::name);
    if (known != words.end()) return simple(*known);
    SearchKey result;
    if (name == "NOT") {
      cursor_.space();
      return negation(key(depth + 1));
    }
    if (name == "OR") {
      result.kind = Kind::any_of;
      cursor_.space();
      result.children.push_back(key(depth + 1));
      cursor_.space();
      result.children.push_back(key(depth + 1));
    } else if (name == "NEW") {  // RECENT UNSEEN
      result.kind = Kind::all_of;
      result.children.resize(2);
      result.children[0].kind = Kind::recent;
      result.children[1].kind = Kind::system_flag;
      result.children[1].number = mailbox::flag::seen;
      result.children[1] = negation(std::move(result.children[1]));
    } else if (name == "UID") {
      result.kind = Kind::uids;
      cursor_.space();
      result.set = cursor_.sequence_set();
    } else if (name == "HEADER") {
      result.kind = Kind::header;
      cursor_.space();
      result.field = cursor_.astring();
      cursor_.space();
      result.text = text();
    } else if (name == "MODSEQ") {
      result.kind = Kind::modseq;
      cursor_.space();
      if (cursor_.peek() ==
          '"') {  // entry name and type (RFC 7162 §3.1.5): we keep one modseq for all
        cursor_.string();
        cursor_.space();
        cursor_.atom();
        cursor_.space();
      }
      result.number = cursor_.number64();
    } else {
      cursor_.fail("no such search key");
    }
    return result;
  }

  SearchKey simple(const Word& known) {
    SearchKey result;
    result.kind = known.kind;
    result.field = known.field;
    result.number = known.flag;
    if (known.takes != Takes::nothing) cursor_.space();
    if (known.takes == Takes::text) result.text = text();
    if (known.takes == Takes::keyword) result.text = cursor_.atom();
    if (known.takes == Takes::date) result.number = static_cast<std::uint64_t>(cursor_.date());
    if (known.takes == Takes::number) result.number = cursor_.number64();
    return known.is_negated ? negation(std::move(result)) : result;
  }

  std::string text() {
    const std::string bytes = cursor_.astring();
    return charset_.empty() ? mail::guess_utf8(bytes) : mail::to_utf8(charset_, bytes).value_or("");
  }

  Cursor& cursor_;
  std::string charset_;
};

void read_return_options(Cursor& cursor, SearchRequest& search) {
  search.extended = true;
  cursor.space();
  read_list(cursor, true, [&] {
    const std::string option = cursor.upper_atom();
    if (option == "MIN") {
      search.minimum = true;
    } else if (option == "MAX") {
      search.maximum = true;
    } else if (option == "ALL") {
      search.all = true;
    } else if (option == "COUNT") {
      search.count = true;
    } else {
      cursor.fail("no such return option");
    }
  });
  if (!search.minimum && !search.maximum && !search.count) search.all = true;  // RFC 4731 §3.1
  cursor.space();
}

}  // namespace

std::size_t SearchKey::size() const {
  std::size_t keys = 1;
  for (const SearchKey& child : children) keys += child.size();
  return keys;
}

bool SearchKey::needs_content() const {
  if (kind == Kind::header || kind == Kind::body || kind == Kind::text) return true;
  return std::ranges::any_of(children, &SearchKey::needs_content);
}

bool SearchKey::mentions_modseq() const {
  return kind == Kind::modseq || std::ranges::any_of(children, &SearchKey::mentions_modseq);
}

void SearchKey::resolve(std::uint32_t largest_number, std::uint32_t largest_uid) {
  if (kind == Kind::numbers) intervals = set.resolve(largest_number);
  if (kind == Kind::uids) intervals = set.resolve(largest_uid);
  for (SearchKey& child : children) child.resolve(largest_number, largest_uid);
}

Parsed<SearchRequest> SearchRequest::parse(std::string_view arguments) {
  Cursor cursor(arguments);
  SearchRequest search;
  cursor.space();
  if (cursor.skip_word("RETURN")) read_return_options(cursor, search);
  std::string charset;
  if (cursor.skip_word("CHARSET")) {
    cursor.space();
    charset = cursor.astring();
    cursor.space();
    if (!cursor.failed() && !mail::to_utf8(charset, ""))
      return std::unexpected(SyntaxError{std::string(unknown_charset), 0});
  }
  search.key = SearchParser(cursor, charset).keys(0);
  if (auto finished = cursor.finish(); !finished) return std::unexpected(finished.error());
  return search;
}

}  // namespace postern::imap
