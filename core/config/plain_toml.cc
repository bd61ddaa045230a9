// core/config/plain_toml.cc: knows of TOML only where strings and comments begin and end.
#include "core/config/plain_toml.h"

#include <algorithm>
#include <string>

namespace postern::config {

namespace {

class QuoteScanner {
 public:
  explicit QuoteScanner(std::string_view text) : rest_(text) {}

  std::optional<unsigned> find() {
    while (!rest_.empty()) {
      if (!pass_one()) return line_;
    }
    return std::nullopt;
  }

 private:
  static bool is_ascii(char c) { return static_cast<unsigned char>(c) < 128; }
  static bool is_one_of(char c, std::string_view set) {
    return set.find(c) != std::string_view::npos;
  }

  /// A string, a comment, a word of a value or a character. False at what is not ASCII outside of
  /// strings and comments.
  bool pass_one() {
    const char c = rest_.front();
    if (c == '#') {
      rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size()));
    } else if (is_one_of(c, "\"'") && may_quote()) {
      const bool is_block = rest_.starts_with(R"(""")") || rest_.starts_with("'''");
      if (is_block) return skip_block(rest_.substr(0, 3));
      skip_string(c);
    } else if (in_value_ && !is_one_of(c, " \t\r\n=[]{},")) {
      return skip_word();
    } else {
      if (!is_ascii(c)) return false;
      step();
      note_structure();
    }
    return true;
  }

  /// Does a quote begin a string here? Of values always, for their words are passed as a whole; in
  /// a key not in the middle of a word.
  bool may_quote() const { return in_value_ || is_one_of(before_, "\n =\t[{,\r."); }

  void step() {
    before_ = rest_.front();
    line_ += before_ == '\n' ? 1 : 0;
    rest_.remove_prefix(1);
  }

  /// What the character just passed parts: keys from values.
  void note_structure() {
    switch (before_) {
      case '=':
        in_value_ = true;
        break;
      case '[':
        if (in_value_) open_ += '[';  // else a table's name
        break;
      case '{':
        open_ += '{';
        in_value_ = false;
        break;
      case ']':
      case '}':
        if (!open_.empty()) open_.pop_back();
        break;
      case ',':
      case '\n':
        in_value_ = open_.ends_with('[');
        break;
      default:
        break;
    }
  }

  /// A number, a date, true: up to where toml++ looks for its end. Quotes and brackets in it are
  /// mistakes, and open nothing.
  bool skip_word() {
    while (!rest_.empty() && !is_one_of(rest_.front(), " \t\r\n,]}#")) {
      if (!is_ascii(rest_.front())) return false;
      step();
    }
    return true;
  }

  /// A string on one line; an unclosed one ends with its line, where toml++ complains.
  void skip_string(char quote) {
    step();
    while (!rest_.empty() && rest_.front() != quote && rest_.front() != '\n') {
      if (quote == '"' && rest_.front() == '\\' && rest_.size() > 1) step();
      if (rest_.front() != '\n') step();
    }
    if (!rest_.empty() && rest_.front() == quote) step();
  }

  /// False at what is not ASCII.
  bool skip_block(std::string_view quotes) {
    for (int i = 0; i < 3; ++i) step();
    while (!rest_.empty() && !rest_.starts_with(quotes)) {
      if (!is_ascii(rest_.front())) return false;
      if (quotes[0] == '"' && rest_.front() == '\\' && rest_.size() > 1) step();
      if (!is_ascii(rest_.front())) return false;
      step();
    }
    // Up to two more quotes belong to the string.
    while (!rest_.empty() && rest_.front() == quotes[0]) step();
    return true;
  }

  std::string_view rest_;
  unsigned line_ = 1;
  char before_ = '\n';
  bool in_value_ = false;
  std::string open_;  // brackets of arrays and inline tables
};

}  // namespace

std::optional<unsigned> misplaced_character(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // a byte order mark
  return QuoteScanner(text).find();
}

}  // namespace postern::config
