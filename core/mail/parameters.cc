// core/mail/parameters.cc: "value; name=value" with the continuations and charsets of RFC 2231; see
// mime.h.
#include <algorithm>
#include <map>
#include <utility>

#include "core/mail/charset.h"
#include "core/mail/encodings.h"
#include "core/mail/headers.h"
#include "core/mail/mime.h"
#include "core/number.h"
#include "core/percent.h"

namespace postern::mail {
namespace {

constexpr std::size_t parameter_limit = 200;
constexpr std::size_t value_limit = 32 * 1024;

/// One piece of a parameter as it stands in the field.
struct Piece {
  unsigned index = 0;
  bool extended = false;  // name*=, name*0*=: percent encoded
  std::string value;
};

/// An escape that is none stays as it is.
std::string decode_escapes(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto escaped = percent_escape(text);
    out += escaped.value_or(text.front());
    text.remove_prefix(escaped ? 3 : 1);
  }
  return out;
}

/// RFC 2231 §7, attribute-char.
bool is_attribute_char(char c) {
  return c > 0x20 && c < 0x7f && !std::string_view("*'%()<>@,;:\\\"/[]?=").contains(c);
}

class ParameterScanner {
 public:
  explicit ParameterScanner(std::string_view text) : text_(text) { skip(); }

  bool done() const { return at_ >= text_.size(); }
  bool take(char c) {
    if (done() || text_[at_] != c) return false;
    ++at_;
    skip();
    return true;
  }
  /// Up to one of `stops`, a blank or a comment.
  std::string token(std::string_view stops) {
    const std::size_t begin = at_;
    while (!done() && text_[at_] != '(' && !is_space(text_[at_]) && !stops.contains(text_[at_]))
      ++at_;
    std::string out(text_.substr(begin, at_ - begin));
    skip();
    return out;
  }
  /// A quoted string, or whatever stands before the next ';': names with blanks go unquoted often
  /// enough.
  std::string value() {
    std::string out;
    if (!done() && text_[at_] == '"') {
      for (++at_; !done() && text_[at_] != '"'; ++at_) {
        if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
        if (text_[at_] != '\r' && text_[at_] != '\n') out += text_[at_];
      }
      if (!done()) ++at_;
      skip();
      return out;
    }
    while (!done() && text_[at_] != ';') {
      const std::size_t begin = at_;
      out += token(";");
      if (at_ == begin) ++at_;
      if (!done() && text_[at_] != ';') out += ' ';
    }
    while (out.ends_with(' ')) out.pop_back();
    return out;
  }
  void skip_to(char c) { at_ = std::min(text_.find(c, at_), text_.size()); }

 private:
  static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
  void skip() {
    int depth = 0;
    for (; !done(); ++at_) {
      const char c = text_[at_];
      if (c == '(') {
        ++depth;
      } else if (c == ')' && depth > 0) {
        --depth;
      } else if (c == '\\' && depth > 0 && at_ + 1 < text_.size()) {
        ++at_;
      } else if (depth == 0 && !is_space(c)) {
        return;
      }
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

/// A name as it stands before its value: "name", "name*", "name*3", "name*3*" (RFC 2231 §3, §4).
struct PieceName {
  std::string base;
  bool is_extended = false;       // in a charset, percent-encoded
  std::optional<unsigned> index;  // of a continuation
};

PieceName split_name(std::string name) {
  const bool is_extended = name.ends_with('*');
  if (is_extended) name.pop_back();
  const std::size_t star = name.rfind('*');
  if (star == std::string::npos || star + 1 == name.size() || name.size() - star > 4)
    return {std::move(name), is_extended, {}};
  const auto index = parse_number<unsigned>(std::string_view(name).substr(star + 1));
  if (index) name.resize(star);
  return {std::move(name), is_extended, index};
}

/// All that a field says of one name.
struct Given {
  std::optional<std::string> plain;  // name=
  std::vector<Piece> pieces;         // name*=, or name*0=, name*1*= …
  bool is_whole = false;             // the piece is the only one: name*=

  /// Of what is given twice the first counts.
  void add(Piece piece, bool continued) {
    if (!continued && !piece.extended) {
      if (!plain) plain = std::move(piece.value);
    } else if (continued ? !is_whole : pieces.empty()) {
      is_whole = !continued;
      pieces.push_back(std::move(piece));
    }
  }
};

/// The pieces of one name made into one value.
Parameter join_pieces(std::string name, std::vector<Piece> pieces) {
  std::ranges::sort(pieces, {}, &Piece::index);
  Parameter parameter{.name = std::move(name), .value = {}, .extended = {}};
  if (std::ranges::none_of(pieces, &Piece::extended)) {
    for (const Piece& piece : pieces) parameter.value += piece.value;
    return parameter;
  }
  std::string charset, language, bytes;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    std::string_view value = pieces[i].value;
    if (i == 0 && pieces[i].extended) {
      const std::size_t first = value.find('\''), second = first == std::string_view::npos
                                                               ? first
                                                               : value.find('\'', first + 1);
      if (second != std::string_view::npos) {
        charset = value.substr(0, first);
        language = value.substr(first + 1, second - first - 1);
        value.remove_prefix(second + 1);
      }
    }
    bytes += pieces[i].extended ? decode_escapes(value) : std::string(value);
  }
  parameter.value = to_utf8(charset, bytes).value_or(guess_utf8(bytes));
  parameter.extended = percent_encode(charset, is_attribute_char) + '\'' +
                       percent_encode(language, is_attribute_char) + '\'' +
                       percent_encode(bytes, is_attribute_char);
  return parameter;
}

/// The encoded form wins (RFC 6266 §4.3 has the same rule).
Parameter join(std::string name, Given given) {
  if (given.pieces.empty())
    return {.name = std::move(name), .value = given.plain.value_or(""), .extended = {}};
  Parameter parameter = join_pieces(std::move(name), std::move(given.pieces));
  if (!parameter.extended.empty()) parameter.fallback = given.plain.value_or("");
  return parameter;
}

/// "text/plain", also with blanks and comments around its slash (RFC 2045 §5.1; RFC 822 §3.1.4).
std::string read_value(ParameterScanner& scan) {
  std::string value = scan.token("/;");
  if (scan.take('/')) value += '/' + scan.token(";");
  return lower_case(value);
}

}  // namespace

const std::string* ParameterisedValue::find(std::string_view name) const {
  const auto found = std::ranges::find(parameters, name, &Parameter::name);
  return found == parameters.end() ? nullptr : &found->value;
}

ParameterisedValue parse_parameterised(std::string_view field_value) {
  ParameterScanner scan(field_value.substr(0, value_limit));
  ParameterisedValue result{.value = read_value(scan), .parameters = {}};
  scan.skip_to(';');
  std::vector<std::string> order;
  std::map<std::string, Given> given;
  for (std::size_t count = 0; scan.take(';') && count < parameter_limit; ++count) {
    const std::string name = lower_case(scan.token("=;"));
    if (name.empty() || !scan.take('=')) {
      scan.skip_to(';');
      continue;
    }
    const PieceName split = split_name(name);
    Piece piece{.index = split.index.value_or(0), .extended = split.is_extended};
    piece.value = scan.value();
    scan.skip_to(';');
    const auto [found, is_new] = given.try_emplace(split.base);
    if (is_new) order.push_back(split.base);
    found->second.add(std::move(piece), split.index.has_value());
  }
  for (const std::string& name : order)
    result.parameters.push_back(join(name, std::move(given[name])));
  return result;
}

}  // namespace postern::mail
