// tests/support/imap_reply.cc: descends the grammar of RFC 3501 §9.
#include "tests/support/imap_reply.h"

#include <algorithm>
#include <charconv>

namespace postern::test {
namespace {

struct Wrong {
  std::string why;
};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_atom_character(char c) {
  return c > ' ' && c < 0x7f && std::string_view("(){%*\"\\]").find(c) == std::string_view::npos;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool at_end() const { return at_ == text_.size(); }
  char peek() const { return at_end() ? '\0' : text_[at_]; }
  std::string_view rest() const { return text_.substr(at_); }
  [[noreturn]] void fail(const std::string& why) const {
    throw Wrong{why + " at " + std::to_string(at_)};
  }
  bool skip(char c) {
    if (peek() != c || at_end()) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!skip(c)) fail(std::string("expected '") + c + "'");
  }
  void space() { expect(' '); }
  void end() const {
    if (!at_end()) fail("more than there should be");
  }

  std::string atom() {
    std::string value;
    while (!at_end() && is_atom_character(peek())) value += text_[at_++];
    if (value.empty()) fail("expected an atom");
    return value;
  }
  std::string word() {
    std::string value = atom();
    std::ranges::transform(value, value.begin(), upper);
    return value;
  }
  template <class Number>
  Number number() {
    const std::size_t start = at_;
    while (is_digit(peek())) ++at_;
    const std::string_view digits = text_.substr(start, at_ - start);
    Number value = 0;
    const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (digits.empty() || error != std::errc() || (digits.size() > 1 && digits.front() == '0'))
      fail("expected a number");
    return value;
  }
  std::uint32_t number32() { return number<std::uint32_t>(); }
  std::uint32_t positive() {
    const std::uint32_t value = number32();
    if (value == 0) fail("0 where a number from 1 is due");
    return value;
  }

  std::string quoted() {
    expect('"');
    std::string value;
    while (!skip('"')) {
      if (at_end()) fail("a quoted string without end");
      const bool is_escaped = skip('\\');
      const char c = peek();
      if (c == '\0' || c == '\r' || c == '\n' || static_cast<unsigned char>(c) >= 0x80)
        fail("a character that no quoted string may hold");
      if (is_escaped && c != '"' && c != '\\') fail("an escape of nothing special");
      value += text_[at_++];
    }
    return value;
  }
  std::string literal() {
    expect('{');
    const auto size = number<std::uint64_t>();
    expect('}');
    expect('\r');
    expect('\n');
    if (rest().size() < size) fail("a literal that is cut off");
    std::string value(rest().substr(0, size));
    if (value.find('\0') != std::string::npos) fail("NUL in a literal");
    at_ += size;
    return value;
  }
  std::string string() { return peek() == '{' ? literal() : quoted(); }
  std::optional<std::string> nstring() {
    if (rest().starts_with("NIL")) {
      at_ += 3;
      return std::nullopt;
    }
    return string();
  }
  std::string astring() { return peek() == '"' || peek() == '{' ? string() : atom(); }

  std::string flag() {
    std::string value;
    if (skip('\\')) value = "\\";
    if (value == "\\" && skip('*')) return "\\*";
    value += atom();
    static const std::set<std::string> system{"\\Answered", "\\Flagged", "\\Deleted",
                                              "\\Seen",     "\\Draft",   "\\Recent"};
    if (value.front() == '\\' && !system.contains(value)) fail("no system flag: " + value);
    std::ranges::transform(value, value.begin(), lower);
    return value;
  }
  /// "(a b)", each element read by `read`.
  template <class F>
  void list(bool may_be_empty, F read) {
    expect('(');
    if (may_be_empty && skip(')')) return;
    do {
      read();
    } while (skip(' '));
    expect(')');
  }
  std::set<std::string> flags() {
    std::set<std::string> all;
    list(true, [&] {
      if (!all.insert(flag()).second) fail("a flag twice");
    });
    return all;
  }

  std::string set() {
    const std::size_t start = at_;
    while (is_digit(peek()) || peek() == ',' || peek() == ':') ++at_;
    std::string value(text_.substr(start, at_ - start));
    if (!read_imap_set(value)) fail("expected a set of numbers");
    return value;
  }

  void envelope() {
    expect('(');
    nstring();
    space();
    nstring();
    for (int i = 0; i < 6; ++i) {
      space();
      addresses();
    }
    space();
    nstring();
    space();
    nstring();
    expect(')');
  }

  void body(bool extended, int depth = 0) {
    if (depth > 300) fail("a body that is nested too deeply");
    expect('(');
    if (peek() == '(') {
      while (peek() == '(') body(extended, depth + 1);
      space();
      string();
      if (extended) {
        space();
        parameters();
        extension(false);
      }
    } else {
      single_part(extended, depth);
    }
    expect(')');
  }

  std::string text() {
    const std::string_view all = rest();
    const bool is_text = std::ranges::all_of(all, [](char c) { return c >= ' ' && c < 0x7f; });
    if (all.empty() || !is_text || all.front() == ' ') fail("a text that is empty or unclean");
    at_ = text_.size();
    return std::string(all);
  }
  std::string code() {
    expect('[');
    const std::size_t start = at_;
    const std::string name = word();
    if (name == "UIDNEXT" || name == "UIDVALIDITY" || name == "UNSEEN") {
      space();
      positive();
    } else if (name == "HIGHESTMODSEQ") {
      space();
      number<std::uint64_t>();
    } else if (name == "PERMANENTFLAGS") {
      space();
      flags();
    } else if (name == "CAPABILITY") {
      while (skip(' ')) atom();
    } else if (name == "APPENDUID" || name == "COPYUID") {
      space();
      positive();
      for (int sets = name == "COPYUID" ? 2 : 1; sets > 0; --sets) {
        space();
        set();
      }
    } else if (name == "MODIFIED") {
      space();
      set();
    } else {
      static const std::set<std::string> bare{
          "READ-ONLY",  "READ-WRITE",      "TRYCREATE",   "NONEXISTENT",
          "CANNOT",     "ALREADYEXISTS",   "OVERQUOTA",   "LIMIT",
          "TOOBIG",     "EXPUNGEISSUED",   "UNAVAILABLE", "AUTHENTICATIONFAILED",
          "BADCHARSET", "PRIVACYREQUIRED", "NOPERM",      "CLOSED",
          "USEATTR",    "ALERT",           "PARSE"};
      if (!bare.contains(name)) fail("an unknown response code: " + name);
    }
    std::string value(text_.substr(start, at_ - start));
    expect(']');
    space();
    return value;
  }

  std::string section_label() {
    const std::size_t start = at_ - 5;  // from "BODY["
    bool may_be_word = true;
    while (is_digit(peek())) {
      positive();
      may_be_word = skip('.');
      if (!may_be_word) break;
    }
    if (may_be_word && peek() != ']') {
      const std::string name = word();
      if (name == "HEADER.FIELDS" || name == "HEADER.FIELDS.NOT") {
        space();
        list(false, [&] { astring(); });
      } else if (name != "HEADER" && name != "TEXT" && name != "MIME") {
        fail("an unknown section");
      }
    }
    expect(']');
    if (skip('<')) {
      number32();
      expect('>');
    }
    return std::string(text_.substr(start, at_ - start));
  }

  void internal_date() {
    const std::string date = quoted();
    static constexpr std::string_view shape = "dd-aaa-dddd dd:dd:dd +dddd";
    bool fits = date.size() == shape.size();
    for (std::size_t i = 0; fits && i < shape.size(); ++i) {
      const char c = date[i];
      if (shape[i] == 'd') fits = is_digit(c) || (i == 0 && c == ' ');
      if (shape[i] == 'a') fits = lower(c) >= 'a' && lower(c) <= 'z';
      if (shape[i] == '+') fits = c == '+' || c == '-';
      if (shape[i] == '-' || shape[i] == ':' || shape[i] == ' ') fits = c == shape[i];
    }
    if (!fits) fail("no date-time: " + date);
  }

 private:
  void addresses() {
    if (rest().starts_with("NIL")) {
      at_ += 3;
      return;
    }
    expect('(');
    do {
      expect('(');
      for (int i = 0; i < 4; ++i) {
        if (i > 0) space();
        nstring();
      }
      expect(')');
    } while (peek() == '(');
    expect(')');
  }
  void parameters() {
    if (peek() != '(') return static_cast<void>(nstring());
    list(false, [&] {
      string();
      space();
      string();
    });
  }
  void single_part(bool extended, int depth) {
    std::string type = string(), subtype = (space(), string());
    std::ranges::transform(type, type.begin(), lower);
    std::ranges::transform(subtype, subtype.begin(), lower);
    space();
    parameters();
    space();
    nstring();
    space();
    nstring();
    space();
    string();
    space();
    number32();
    if (type == "message" && subtype == "rfc822") {
      space();
      envelope();
      space();
      body(extended, depth + 1);
      space();
      number32();
    } else if (type == "text") {
      space();
      number32();
    }
    if (extended) extension(true);
  }
  /// MD5 (of single parts), disposition, language, location.
  void extension(bool with_md5) {
    if (with_md5) {
      space();
      nstring();
    }
    space();
    if (peek() == '(') {
      expect('(');
      string();
      space();
      parameters();
      expect(')');
    } else if (nstring()) {
      fail("a disposition that is a string");
    }
    space();
    if (peek() == '(') {
      list(false, [&] { string(); });
    } else {
      nstring();
    }
    space();
    nstring();
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

void read_fetched(Reader& reader, ImapReply::Fetched& fetched) {
  reader.list(false, [&] {
    std::string name;
    while (is_atom_character(reader.peek()) && reader.peek() != '[') {
      name += reader.peek();
      reader.skip(reader.peek());
    }
    if (name == "BODY" && reader.skip('[')) {
      const std::string label = reader.section_label();
      reader.space();
      fetched.sections[label] = reader.nstring();
      return;
    }
    reader.space();
    if (name == "FLAGS") {
      fetched.flags = reader.flags();
    } else if (name == "UID") {
      fetched.uid = reader.positive();
    } else if (name == "INTERNALDATE") {
      reader.internal_date();
    } else if (name == "RFC822.SIZE") {
      fetched.size = reader.number32();
    } else if (name == "MODSEQ") {
      reader.expect('(');
      fetched.modseq = reader.number<std::uint64_t>();
      reader.expect(')');
    } else if (name == "ENVELOPE") {
      reader.envelope();
    } else if (name == "BODY" || name == "BODYSTRUCTURE") {
      reader.body(name == "BODYSTRUCTURE");
    } else if (name == "RFC822" || name == "RFC822.HEADER" || name == "RFC822.TEXT") {
      fetched.sections[name] = reader.nstring();
    } else {
      reader.fail("an unknown FETCH item: " + name);
    }
  });
}

void read_state(Reader& reader, ImapReply& reply) {
  reader.space();
  if (reader.peek() == '[') reply.code = reader.code();
  reply.text = reader.text();
}

void read_list(Reader& reader, ImapReply& reply) {
  reader.space();
  reader.list(true, [&] {
    reader.expect('\\');
    reader.atom();
  });
  reader.space();
  reader.quoted();
  reader.space();
  reply.mailbox = reader.astring();
  if (!reader.skip(' ')) return;
  reader.list(false, [&] {  // CHILDINFO (RFC 5258 §4)
    reader.astring();
    reader.space();
    reader.list(false, [&] { reader.astring(); });
  });
}

void read_status(Reader& reader, ImapReply& reply) {
  reader.space();
  reply.mailbox = reader.astring();
  reader.space();
  reader.list(true, [&] {
    const std::string item = reader.word();
    reader.space();
    reply.items[item] = reader.number<std::uint64_t>();
  });
}

void read_search(Reader& reader, ImapReply& reply) {
  while (reader.skip(' ')) {
    if (reader.peek() != '(') {
      reply.numbers.push_back(reader.positive());
      continue;
    }
    reader.expect('(');
    if (reader.word() != "MODSEQ") reader.fail("expected MODSEQ");
    reader.space();
    reply.items["MODSEQ"] = reader.number<std::uint64_t>();
    reader.expect(')');
    break;
  }
}

void read_esearch(Reader& reader, ImapReply& reply) {
  reader.space();
  reader.expect('(');
  if (reader.word() != "TAG") reader.fail("expected TAG");
  reader.space();
  reader.string();
  reader.expect(')');
  while (reader.skip(' ')) {
    const std::string item = reader.word();
    if (item == "UID") continue;
    reader.space();
    if (item == "ALL") {
      reply.all = reader.set();
    } else {
      reply.items[item] = reader.number<std::uint64_t>();
    }
  }
}

void read_quota(Reader& reader) {
  reader.space();
  reader.astring();
  reader.space();
  reader.list(false, [&] {
    reader.atom();
    reader.space();
    reader.number<std::uint64_t>();
    reader.space();
    reader.number<std::uint64_t>();
  });
}

void read_vanished(Reader& reader, ImapReply& reply) {
  reader.space();
  if (reader.peek() == '(') {
    reader.list(false, [&] { reader.atom(); });
    reader.space();
  }
  reply.numbers = *read_imap_set(reader.set());
}

void read_numbered(Reader& reader, ImapReply& reply) {
  reply.number = reader.number32();
  reader.space();
  reply.name = reader.word();
  const bool may_be_none = reply.name == "EXISTS" || reply.name == "RECENT";
  if (!may_be_none && reply.name != "EXPUNGE" && reply.name != "FETCH")
    reader.fail("an unknown response: " + reply.name);
  if (!may_be_none && reply.number == 0) reader.fail("message number 0");
  if (reply.name != "FETCH") return;
  reader.space();
  read_fetched(reader, reply.fetched);
}

void read_untagged(Reader& reader, ImapReply& reply) {
  if (is_digit(reader.peek())) return read_numbered(reader, reply);
  const std::string name = reply.name = reader.word();
  if (name == "OK" || name == "NO" || name == "BAD" || name == "BYE") {
    read_state(reader, reply);
  } else if (name == "CAPABILITY" || name == "ENABLED") {
    while (reader.skip(' ')) reader.atom();
  } else if (name == "FLAGS") {
    reader.space();
    reader.flags();
  } else if (name == "LIST" || name == "LSUB") {
    read_list(reader, reply);
  } else if (name == "STATUS") {
    read_status(reader, reply);
  } else if (name == "SEARCH") {
    read_search(reader, reply);
  } else if (name == "ESEARCH") {
    read_esearch(reader, reply);
  } else if (name == "VANISHED") {
    read_vanished(reader, reply);
  } else if (name == "QUOTA") {
    read_quota(reader);
  } else if (name == "QUOTAROOT") {
    do {
      reader.space();
      reader.astring();
    } while (reader.peek() == ' ');
  } else if (name == "ID") {
    reader.space();
    reader.list(true, [&] { reader.nstring(); });
  } else if (name == "NAMESPACE") {
    if (reader.rest() != " ((\"\" \"/\")) NIL NIL") reader.fail("another namespace");
    while (!reader.at_end()) reader.skip(reader.peek());
  } else {
    reader.fail("an unknown response: " + name);
  }
}

ImapReply read_reply(Reader& reader) {
  ImapReply reply;
  if (reader.skip('+')) {
    reply.tag = "+";
    reader.space();
    // A text, or base64 (RFC 3501 §7.5); AUTHENTICATE PLAIN asks with nothing (RFC 4616).
    if (!reader.at_end()) reply.text = reader.text();
    return reply;
  }
  if (reader.skip('*')) {
    reply.tag = "*";
    reader.space();
    read_untagged(reader, reply);
  } else {
    while (!reader.at_end() && reader.peek() != ' ') {
      const char c = reader.peek();
      if (!is_atom_character(c) && c != ']') reader.fail("a tag that is none");
      if (c == '+') reader.fail("a tag with +");
      reply.tag += c;
      reader.skip(c);
    }
    reader.space();
    reply.name = reader.word();
    if (reply.name != "OK" && reply.name != "NO" && reply.name != "BAD")
      reader.fail("a tagged line that is no status");
    read_state(reader, reply);
  }
  reader.end();
  return reply;
}

}  // namespace

std::expected<ImapReply, std::string> read_imap_reply(std::string_view bytes) {
  Reader reader(bytes);
  try {
    return read_reply(reader);
  } catch (const Wrong& wrong) {
    return std::unexpected(wrong.why + ": " + std::string(bytes.substr(0, 2000)));
  }
}

std::size_t imap_reply_length(std::string_view bytes) {
  std::size_t at = 0;
  while (true) {
    const std::size_t end = bytes.find("\r\n", at);
    if (end == std::string_view::npos) return 0;
    const std::string_view line = bytes.substr(at, end - at);
    at = end + 2;
    const std::size_t open = line.rfind('{');
    if (!line.ends_with('}') || open == std::string_view::npos) return at;
    const std::string_view digits = line.substr(open + 1, line.size() - open - 2);
    std::size_t size = 0;
    const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), size);
    if (error != std::errc() || stop != digits.data() + digits.size()) return at;
    if (size > bytes.size() - at) return 0;
    at += size;
  }
}

std::optional<std::vector<std::uint32_t>> read_imap_set(std::string_view text) {
  std::vector<std::uint32_t> numbers;
  while (true) {
    std::uint32_t ends[2] = {0, 0};
    for (int i = 0; i < 2; ++i) {
      const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), ends[i]);
      if (error != std::errc() || ends[i] == 0) return {};
      text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
      if (i == 1) break;
      ends[1] = ends[0];
      if (!text.starts_with(':')) break;
      text.remove_prefix(1);
    }
    if (ends[1] < ends[0] || ends[1] - ends[0] > 1'000'000) return {};
    for (std::uint32_t n = ends[0];; ++n) {
      numbers.push_back(n);
      if (n == ends[1]) break;
    }
    if (text.empty()) return numbers;
    if (!text.starts_with(',')) return {};
    text.remove_prefix(1);
  }
}

}  // namespace postern::test
