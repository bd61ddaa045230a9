// mailbox/imap/commands/search/request.cc: the grammar of SEARCH.
#include "mailbox/imap/commands/search/request.h"

#include <algorithm>
#include <array>

#include "core/mail/charset.h"
#include "mailbox/imap/grammar/arguments.h"
#include "mailbox/store/types.h"

namespace postern::imap {
namespace {

using Kind = SearchKey::Kind;

enum class Takes : std::uint8_t { nothing, text, keyword, date, number };

struct SearchWord {
  std::string_view name;
  Kind kind;
  Takes takes;
  std::string_view field;   // of a header key
  std::uint8_t flag = 0;    // of a flag key
  bool is_negated = false;  // UNSEEN …
};

// clang-format off
constexpr std::array search_words{
    SearchWord{"ALL",         Kind::all,         Takes::nothing, ""},
    SearchWord{"ANSWERED",    Kind::system_flag, Takes::nothing, "", mailbox::flag::answered},
    SearchWord{"DELETED",     Kind::system_flag, Takes::nothing, "", mailbox::flag::deleted},
    SearchWord{"DRAFT",       Kind::system_flag, Takes::nothing, "", mailbox::flag::draft},
    SearchWord{"FLAGGED",     Kind::system_flag, Takes::nothing, "", mailbox::flag::flagged},
    SearchWord{"SEEN",        Kind::system_flag, Takes::nothing, "", mailbox::flag::seen},
    SearchWord{"UNANSWERED",  Kind::system_flag, Takes::nothing, "", mailbox::flag::answered, true},
    SearchWord{"UNDELETED",   Kind::system_flag, Takes::nothing, "", mailbox::flag::deleted, true},
    SearchWord{"UNDRAFT",     Kind::system_flag, Takes::nothing, "", mailbox::flag::draft, true},
    SearchWord{"UNFLAGGED",   Kind::system_flag, Takes::nothing, "", mailbox::flag::flagged, true},
    SearchWord{"UNSEEN",      Kind::system_flag, Takes::nothing, "", mailbox::flag::seen, true},
    SearchWord{"RECENT",      Kind::recent,      Takes::nothing, ""},
    SearchWord{"OLD",         Kind::recent,      Takes::nothing, "", 0, true},
    SearchWord{"KEYWORD",     Kind::keyword,     Takes::keyword, ""},
    SearchWord{"UNKEYWORD",   Kind::keyword,     Takes::keyword, "", 0, true},
    SearchWord{"BCC",         Kind::header,      Takes::text,    "Bcc"},
    SearchWord{"CC",          Kind::header,      Takes::text,    "Cc"},
    SearchWord{"FROM",        Kind::header,      Takes::text,    "From"},
    SearchWord{"SUBJECT",     Kind::header,      Takes::text,    "Subject"},
    SearchWord{"TO",          Kind::header,      Takes::text,    "To"},
    SearchWord{"BODY",        Kind::body,        Takes::text,    ""},
    SearchWord{"TEXT",        Kind::text,        Takes::text,    ""},
    SearchWord{"BEFORE",      Kind::before,      Takes::date,    ""},
    SearchWord{"ON",          Kind::on,          Takes::date,    ""},
    SearchWord{"SINCE",       Kind::since,       Takes::date,    ""},
    SearchWord{"SENTBEFORE",  Kind::sent_before, Takes::date,    ""},
    SearchWord{"SENTON",      Kind::sent_on,     Takes::date,    ""},
    SearchWord{"SENTSINCE",   Kind::sent_since,  Takes::date,    ""},
    SearchWord{"LARGER",      Kind::larger,      Takes::number,  ""},
    SearchWord{"SMALLER",     Kind::smaller,     Takes::number,  ""},
    SearchWord{"YOUNGER",     Kind::younger,     Takes::number,  ""},
    SearchWord{"OLDER",       Kind::older,       Takes::number,  ""},
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
    const auto* known = std::ranges::find(search_words, name, &SearchWord::name);
    if (known != search_words.end()) return simple(*known);
    if (name == "NEW") return new_messages();
    if (name != "NOT" && name != "OR" && name != "UID" && name != "HEADER" && name != "MODSEQ") {
      cursor_.fail("no such search key");
      return {};
    }
    cursor_.space();
    if (name == "NOT") return negation(key(depth + 1));
    if (name == "OR") return either(depth);
    if (name == "UID") return uids();
    return name == "HEADER" ? header() : modseq();
  }

  SearchKey either(int depth) {
    SearchKey result;
    result.kind = Kind::any_of;
    result.children.push_back(key(depth + 1));
    cursor_.space();
    result.children.push_back(key(depth + 1));
    return result;
  }

  SearchKey uids() {
    SearchKey result;
    result.kind = Kind::uids;
    result.set = cursor_.sequence_set();
    return result;
  }

  SearchKey header() {
    SearchKey result;
    result.kind = Kind::header;
    result.field = cursor_.astring();
    cursor_.space();
    result.text = text();
    return result;
  }

  SearchKey modseq() {
    SearchKey result;
    result.kind = Kind::modseq;
    // Entry name and type (RFC 7162 §3.1.5): we keep one modseq for all.
    if (cursor_.peek() == '"') {
      cursor_.string();
      cursor_.space();
      cursor_.atom();
      cursor_.space();
    }
    result.number = cursor_.number64();
    return result;
  }

  /// NEW is RECENT UNSEEN (RFC 3501 §6.4.4).
  static SearchKey new_messages() {
    SearchKey recent, seen, result;
    recent.kind = Kind::recent;
    seen.kind = Kind::system_flag;
    seen.number = mailbox::flag::seen;
    result.kind = Kind::all_of;
    result.children.push_back(std::move(recent));
    result.children.push_back(negation(std::move(seen)));
    return result;
  }

  SearchKey simple(const SearchWord& known) {
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

std::expected<SearchRequest, SearchError> SearchRequest::parse(std::string_view arguments) {
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
      return std::unexpected(SearchError{SearchError::Kind::unknown_charset, {}});
  }
  search.key = SearchParser(cursor, charset).keys(0);
  if (const auto finished = cursor.finish(); !finished)
    return std::unexpected(SearchError{SearchError::Kind::syntax, finished.error()});
  return search;
}

}  // namespace postern::imap
