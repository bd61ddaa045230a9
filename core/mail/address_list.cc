// core/mail/address_list.cc: the addresses of From, To and their like (RFC 5322 §3.4, §4.4).
// Iterative; takes what it can from broken fields, and says so in `is_clean`.
#include <algorithm>
#include <utility>

#include "core/mail/address.h"
#include "core/mail/encodings.h"
#include "core/mail/headers.h"

namespace postern::mail {
namespace {

struct Token {
  enum class Kind { end, atom, quoted, literal, special };
  Kind kind = Kind::end;
  std::string text;           // unquoted
  bool blank_before = false;  // a comment counts

  bool is(char c) const { return kind == Kind::special && text.front() == c; }
  bool is_word() const { return kind == Kind::atom || kind == Kind::quoted; }
  bool ends_address() const { return kind == Kind::end || is(',') || is(';'); }
};

/// Splits a field's value; `comment` is the last one passed over.
class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) { advance(); }

  const Token& peek() const { return token_; }
  Token take();
  bool is_clean() const { return clean_; }
  void complain() { clean_ = false; }
  std::string comment;

 private:
  static bool is_special(char c) { return std::string_view("<>@,;:.\\[]()\"").contains(c); }
  static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

  void advance();
  void check(std::string_view text);
  void delimited(char close);
  bool skip_blanks();

  std::string_view text_;
  std::size_t at_ = 0;
  Token token_;
  bool clean_ = true;
};

Token Lexer::take() {
  Token taken = std::move(token_);
  advance();
  return taken;
}

void Lexer::advance() {
  token_ = Token{};
  token_.blank_before = skip_blanks();
  if (at_ >= text_.size()) return;
  const char c = text_[at_];
  if (c == '"') {
    token_.kind = Token::Kind::quoted;
    delimited('"');
  } else if (c == '[') {
    token_.kind = Token::Kind::literal;
    delimited(']');
    token_.text = '[' + token_.text + ']';
  } else if (is_special(c)) {
    token_.kind = Token::Kind::special;
    token_.text = c;
    ++at_;
    if (c == '\\' || c == ']' || c == ')') clean_ = false;
  } else {
    token_.kind = Token::Kind::atom;
    const std::size_t begin = at_;
    while (at_ < text_.size() && !is_special(text_[at_]) && !is_space(text_[at_])) ++at_;
    token_.text = text_.substr(begin, at_ - begin);
    check(token_.text);
  }
}

void Lexer::check(std::string_view text) {
  if (has_control(text) || !is_valid_utf8(text)) clean_ = false;
}

/// A quoted string or a literal; folds inside of it vanish.
void Lexer::delimited(char close) {
  for (++at_; at_ < text_.size() && text_[at_] != close; ++at_) {
    if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
    if (text_[at_] != '\r' && text_[at_] != '\n') token_.text += text_[at_];
  }
  if (at_ >= text_.size()) clean_ = false;
  at_ = std::min(at_ + 1, text_.size());
  std::ranges::replace(token_.text, '\t', ' ');
  check(token_.text);
}

bool Lexer::skip_blanks() {
  const std::size_t begin = at_;
  int depth = 0;
  for (; at_ < text_.size(); ++at_) {
    const char c = text_[at_];
    if (c == '(') {
      if (depth++ == 0) {
        comment.clear();
        continue;
      }
    } else if (c == ')' && depth > 0) {
      if (--depth == 0) continue;
    } else if (c == '\\' && depth > 0 && at_ + 1 < text_.size()) {
      ++at_;
    } else if (depth == 0 && !is_space(c)) {
      break;
    }
    if (depth > 0 && text_[at_] != '\r' && text_[at_] != '\n') comment += text_[at_];
  }
  if (depth > 0) clean_ = false;
  return at_ > begin;
}

/// Tokens as text: words parted by one blank where the writer had one.
std::string phrase_text(const std::vector<Token>& tokens) {
  std::string out;
  for (const Token& token : tokens) {
    if (!out.empty() && token.blank_before) out += ' ';
    out += token.text;
  }
  return out;
}

class Parser {
 public:
  Parser(std::string_view value, BareAddress bare)
      : lexer_(value), may_be_bare_(bare == BareAddress::allowed) {}

  AddressList parse() &&;

 private:
  void end_group();
  void one();
  void group(const std::vector<Token>& phrase);
  void angle(std::vector<Token> phrase);
  void plain(std::vector<Token> tokens);
  void finish(MailboxEntry entry);
  void expect_separator();
  std::string route();
  void check_phrase(const std::vector<Token>& phrase);
  void address(const std::vector<Token>& tokens, MailboxEntry& entry);

  Lexer lexer_;
  AddressList list_;
  bool may_be_bare_;
  bool in_group_ = false;
};

AddressList Parser::parse() && {
  while (lexer_.peek().kind != Token::Kind::end) {
    if (list_.entries.size() >= address_list_limit) {
      lexer_.complain();
      break;
    }
    if (lexer_.peek().is(',')) {  // empty elements: obsolete, harmless
      lexer_.take();
    } else if (lexer_.peek().is(';')) {
      lexer_.take();
      end_group();
    } else {
      one();
    }
  }
  if (in_group_) {
    lexer_.complain();
    end_group();
  }
  list_.is_clean = lexer_.is_clean();
  return std::move(list_);
}

void Parser::end_group() {
  if (!in_group_) return lexer_.complain();
  in_group_ = false;
  list_.entries.push_back({.kind = MailboxEntry::Kind::group_end});
}

/// A mailbox, or a group's head.
void Parser::one() {
  lexer_.comment.clear();
  std::vector<Token> phrase;
  while (true) {
    const Token& next = lexer_.peek();
    if (next.is('<')) return angle(std::move(phrase));
    if (next.is('@')) return plain(std::move(phrase));
    if (next.is(':')) return group(phrase);
    if (next.ends_address()) break;
    if (next.is('>') || next.kind == Token::Kind::literal) lexer_.complain();
    phrase.push_back(lexer_.take());
  }
  if (may_be_bare_) return plain(std::move(phrase));
  lexer_.complain();  // a name without an address, such as "root"
  list_.entries.push_back({.local_part = phrase_text(phrase)});
  expect_separator();
}

void Parser::group(const std::vector<Token>& phrase) {
  lexer_.take();
  if (in_group_ || phrase.empty()) {
    lexer_.complain();
    if (in_group_) end_group();
  }
  in_group_ = true;
  list_.entries.push_back(
      {.kind = MailboxEntry::Kind::group_start, .display_name = phrase_text(phrase)});
}

/// Name <@route:local@domain>
void Parser::angle(std::vector<Token> phrase) {
  MailboxEntry entry{.display_name = phrase_text(phrase)};
  check_phrase(phrase);
  lexer_.take();
  if (lexer_.peek().is('@') || lexer_.peek().is(',')) entry.route = route();
  std::vector<Token> tokens;
  while (lexer_.peek().kind != Token::Kind::end && !lexer_.peek().is('>') && !lexer_.peek().is('<'))
    tokens.push_back(lexer_.take());
  if (lexer_.peek().is('>')) {
    lexer_.take();
  } else {
    lexer_.complain();
  }
  address(tokens, entry);
  if (entry.display_name.empty()) entry.display_name = lexer_.comment;
  finish(std::move(entry));
}

/// local@domain without brackets; a comment behind it is the name (RFC 822's habit).
void Parser::plain(std::vector<Token> tokens) {
  while (!lexer_.peek().ends_address()) {
    if (lexer_.peek().is('<')) {  // a bare address as the name of another: readers differ on
                                  // whose mail this is
      lexer_.complain();
      return angle(std::move(tokens));
    }
    if (lexer_.peek().is(':') || lexer_.peek().is('>')) lexer_.complain();
    tokens.push_back(lexer_.take());
  }
  MailboxEntry entry;
  address(tokens, entry);
  entry.display_name = lexer_.comment;
  finish(std::move(entry));
}

void Parser::finish(MailboxEntry entry) {
  entry.display_name = unfold(entry.display_name);
  list_.entries.push_back(std::move(entry));
  expect_separator();
}

/// Whatever stands between an address and the next separator belongs to nothing.
void Parser::expect_separator() {
  while (!lexer_.peek().ends_address()) {
    lexer_.complain();
    if (lexer_.peek().is('<')) return;  // two addresses without a comma
    lexer_.take();
  }
}

std::string Parser::route() {
  std::string text;
  while (lexer_.peek().kind != Token::Kind::end && !lexer_.peek().is(':') && !lexer_.peek().is('>'))
    text += lexer_.take().text;
  if (lexer_.peek().is(':')) {
    lexer_.take();
  } else {
    lexer_.complain();
  }
  return text;
}

void Parser::check_phrase(const std::vector<Token>& phrase) {
  for (const Token& token : phrase) {
    if (!token.is_word() && !token.is('.')) lexer_.complain();
  }
}

/// The last @ parts the two: a quoted one never counts. A bare address has none.
void Parser::address(const std::vector<Token>& tokens, MailboxEntry& entry) {
  std::size_t at = tokens.size();
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (!tokens[i].is('@')) continue;
    if (at != tokens.size()) lexer_.complain();
    at = i;
  }
  bool word_before = false;
  for (std::size_t i = 0; i < at; ++i) {
    const Token& token = tokens[i];
    if (token.is_word() == word_before || (!token.is_word() && !token.is('.')))
      lexer_.complain();  // word *("." word)
    word_before = token.is_word();
    entry.local_part += token.text;
  }
  const bool is_bare = at == tokens.size() && may_be_bare_;
  if (!word_before || (at == tokens.size() && !is_bare)) lexer_.complain();
  bool dot_before = !is_bare;
  for (std::size_t i = at + 1; i < tokens.size(); ++i) {
    const Token& token = tokens[i];
    const bool part = token.kind == Token::Kind::atom || token.kind == Token::Kind::literal;
    if (part != dot_before || (!part && !token.is('.'))) lexer_.complain();
    dot_before = token.is('.');
    entry.domain += token.text;
  }
  if (dot_before) lexer_.complain();
}

}  // namespace

AddressList parse_address_list(std::string_view value, BareAddress bare) {
  return Parser(value, bare).parse();
}

std::size_t AddressList::mailbox_count() const {
  return static_cast<std::size_t>(
      std::ranges::count(entries, MailboxEntry::Kind::mailbox, &MailboxEntry::kind));
}

std::string MailboxEntry::address() const {
  const std::string local = quote_local_part(local_part);
  return domain.empty() ? local : local + '@' + domain;
}

}  // namespace postern::mail
