// mailbox/imap/requests.cc: the grammar of the commands, but for SEARCH.
#include "mailbox/imap/requests.h"

#include <algorithm>
#include <array>

#include "mailbox/imap/flags.h"
#include "mailbox/imap/writer.h"

namespace postern::imap {
namespace {

/// Runs `read` over the arguments behind their blank; gives its value if all went well and nothing
/// is left.
template <class F>
auto parse_all(std::string_view arguments, F read)
    -> Parsed<decltype(read(std::declval<Cursor&>()))> {
  Cursor cursor(arguments);
  cursor.space();
  auto value = read(cursor);
  if (auto finished = cursor.finish(); !finished) return std::unexpected(finished.error());
  return value;
}

/// Calls `read` for each element of "(a b c)"; an empty list is fine when `may_be_empty`.
template <class F>
void read_list(Cursor& cursor, bool may_be_empty, F read) {
  cursor.expect('(');
  if (may_be_empty && cursor.skip(')')) return;
  do {
    read();
  } while (cursor.skip(' '));
  cursor.expect(')');
}

void read_flag(Cursor& cursor, FlagList& flags) {
  if (!cursor.skip('\\')) {
    flags.keywords.push_back(cursor.atom());
    return;
  }
  const std::string name = cursor.upper_atom();
  if (name == "RECENT") return;
  const auto bit = system_flag(name);
  if (!bit) return cursor.fail("no such system flag");
  flags.system_flags |= *bit;
}

FlagList read_flag_list(Cursor& cursor) {
  FlagList flags;
  read_list(cursor, true, [&] { read_flag(cursor, flags); });
  return flags;
}

StatusItem read_status_item(Cursor& cursor) {
  static constexpr std::array<std::pair<std::string_view, StatusItem>, 8> items{{
      {"MESSAGES", StatusItem::messages},
      {"RECENT", StatusItem::recent},
      {"UIDNEXT", StatusItem::uid_next},
      {"UIDVALIDITY", StatusItem::uid_validity},
      {"UNSEEN", StatusItem::unseen},
      {"HIGHESTMODSEQ", StatusItem::highest_modseq},
      {"SIZE", StatusItem::size},
      {"DELETED", StatusItem::deleted},
  }};
  const std::string name = cursor.upper_atom();
  const auto* item = std::ranges::find(items, name, &decltype(items)::value_type::first);
  if (item != items.end()) return item->second;
  cursor.fail("no such status item");
  return {};
}

std::vector<StatusItem> read_status_items(Cursor& cursor) {
  std::vector<StatusItem> items;
  read_list(cursor, false, [&] { items.push_back(read_status_item(cursor)); });
  return items;
}

// FETCH ------------------------------------------------------------------------------------------

std::vector<std::uint32_t> read_part_numbers(Cursor& cursor) {
  std::vector<std::uint32_t> numbers;
  while (cursor.peek() >= '0' && cursor.peek() <= '9') {
    numbers.push_back(cursor.number());
    if (numbers.back() == 0) cursor.fail("part numbers start at 1");
    if (!cursor.skip('.')) break;
    if (cursor.peek() == ']') cursor.fail("a part number or word is missing");
  }
  return numbers;
}

std::string section_label(const Section& section) {
  using Kind = Section::Kind;
  std::string label = "BODY[";
  for (const std::uint32_t number : section.part) label += std::to_string(number) + ".";
  if (section.kind == Kind::whole && !section.part.empty()) label.pop_back();
  if (section.kind == Kind::header) label += "HEADER";
  if (section.kind == Kind::text) label += "TEXT";
  if (section.kind == Kind::mime) label += "MIME";
  if (section.kind == Kind::header_fields || section.kind == Kind::header_fields_not) {
    label += section.kind == Kind::header_fields ? "HEADER.FIELDS" : "HEADER.FIELDS.NOT";
    for (std::string_view before = " ("; const std::string& field : section.fields) {
      label += std::exchange(before, " ");
      write_astring(label, field);
    }
    label += ')';
  }
  return label + "]";
}

/// section = "[" [section-spec] "]" (RFC 3501 §9), after its opening bracket.
Section read_section(Cursor& cursor) {
  using Kind = Section::Kind;
  Section section;
  section.part = read_part_numbers(cursor);
  if (cursor.skip(']')) return section;
  const std::string word = cursor.upper_atom();
  if (word == "HEADER") {
    section.kind = Kind::header;
  } else if (word == "TEXT") {
    section.kind = Kind::text;
  } else if (word == "MIME" && !section.part.empty()) {
    section.kind = Kind::mime;
  } else if (word == "HEADER.FIELDS" || word == "HEADER.FIELDS.NOT") {
    section.kind = word == "HEADER.FIELDS" ? Kind::header_fields : Kind::header_fields_not;
    cursor.space();
    read_list(cursor, false, [&] { section.fields.push_back(cursor.astring()); });
  } else {
    cursor.fail("no such section");
  }
  cursor.expect(']');
  return section;
}

std::optional<FetchItem::Partial> read_partial(Cursor& cursor) {
  if (!cursor.skip('<')) return {};
  FetchItem::Partial partial;
  partial.offset = cursor.number();
  cursor.expect('.');
  partial.count = cursor.number();
  if (partial.count == 0) cursor.fail("a partial fetch of nothing");
  cursor.expect('>');
  return partial;
}

FetchItem plain_item(FetchItem::Kind kind, std::string_view label) {
  FetchItem item;
  item.kind = kind;
  item.label = label;
  return item;
}

FetchItem section_item(Section::Kind kind, std::string_view label, bool peek) {
  FetchItem item = plain_item(FetchItem::Kind::section, label);
  item.section.kind = kind;
  item.peek = peek;
  return item;
}

/// The letters, digits and dots of a FETCH word; '[' ends it, although an atom may hold it.
std::string read_fetch_word(Cursor& cursor) {
  std::string word;
  while ((cursor.peek() >= 'A' && cursor.peek() <= 'Z') ||
         (cursor.peek() >= 'a' && cursor.peek() <= 'z') ||
         (cursor.peek() >= '0' && cursor.peek() <= '9') || cursor.peek() == '.') {
    word += cursor.peek();
    cursor.skip(cursor.peek());
  }
  return to_upper(word);
}

void read_fetch_item(Cursor& cursor, std::vector<FetchItem>& items) {
  using Kind = FetchItem::Kind;
  const std::string word = read_fetch_word(cursor);
  if ((word == "BODY" || word == "BODY.PEEK") && cursor.skip('[')) {
    FetchItem item = plain_item(Kind::section, "");
    item.section = read_section(cursor);
    item.label = section_label(item.section);
    item.peek = word == "BODY.PEEK";
    item.partial = read_partial(cursor);
    items.push_back(std::move(item));
  } else if (word == "FLAGS") {
    items.push_back(plain_item(Kind::flags, word));
  } else if (word == "UID") {
    items.push_back(plain_item(Kind::uid, word));
  } else if (word == "INTERNALDATE") {
    items.push_back(plain_item(Kind::internal_date, word));
  } else if (word == "RFC822.SIZE") {
    items.push_back(plain_item(Kind::size, word));
  } else if (word == "ENVELOPE") {
    items.push_back(plain_item(Kind::envelope, word));
  } else if (word == "BODYSTRUCTURE") {
    items.push_back(plain_item(Kind::body_structure, word));
  } else if (word == "BODY") {
    items.push_back(plain_item(Kind::body, word));
  } else if (word == "MODSEQ") {
    items.push_back(plain_item(Kind::modseq, word));
  } else if (word == "RFC822") {
    items.push_back(section_item(Section::Kind::whole, word, false));
  } else if (word == "RFC822.HEADER") {
    items.push_back(section_item(Section::Kind::header, word, true));
  } else if (word == "RFC822.TEXT") {
    items.push_back(section_item(Section::Kind::text, word, false));
  } else {
    cursor.fail("no such item to fetch");
  }
}

std::vector<FetchItem> read_fetch_items(Cursor& cursor) {
  using Kind = FetchItem::Kind;
  std::vector<FetchItem> items;
  const bool is_all = cursor.skip_word("ALL"), is_full = !is_all && cursor.skip_word("FULL");
  if (is_all || is_full || cursor.skip_word("FAST")) {  // macros: RFC 3501 §6.4.5
    items = {plain_item(Kind::flags, "FLAGS"), plain_item(Kind::internal_date, "INTERNALDATE"),
             plain_item(Kind::size, "RFC822.SIZE")};
    if (is_all || is_full) items.push_back(plain_item(Kind::envelope, "ENVELOPE"));
    if (is_full) items.push_back(plain_item(Kind::body, "BODY"));
  } else if (cursor.peek() == '(') {
    read_list(cursor, false, [&] { read_fetch_item(cursor, items); });
  } else {
    read_fetch_item(cursor, items);
  }
  return items;
}

void read_fetch_modifiers(Cursor& cursor, FetchRequest& fetch) {
  if (!cursor.skip(' ')) return;
  read_list(cursor, false, [&] {
    if (cursor.skip_word("CHANGEDSINCE")) {
      cursor.space();
      fetch.changed_since = cursor.number64();
    } else if (cursor.skip_word("VANISHED")) {
      fetch.vanished = true;
    } else {
      cursor.fail("no such FETCH modifier");
    }
  });
  if (fetch.vanished && !fetch.changed_since) cursor.fail("VANISHED needs CHANGEDSINCE");
}

// SELECT, LIST -----------------------------------------------------------------------------------

SelectRequest::Resync read_resync(Cursor& cursor) {
  SelectRequest::Resync resync;
  cursor.space();
  cursor.expect('(');
  resync.uid_validity = cursor.number();
  cursor.space();
  resync.modseq = cursor.number64();
  if (cursor.skip(' ')) {
    if (cursor.peek() != '(') {
      resync.known_uids = cursor.sequence_set();
      if (cursor.peek() == ' ') cursor.space();
    }
    if (cursor.skip('(')) {  // known numbers and their uids only shorten VANISHED: read, not used
      cursor.sequence_set();
      cursor.space();
      cursor.sequence_set();
      cursor.expect(')');
    }
  }
  cursor.expect(')');
  return resync;
}

void read_selection_option(Cursor& cursor, ListRequest& list) {
  const std::string option = cursor.upper_atom();
  if (option == "SUBSCRIBED") {
    list.select_subscribed = true;
  } else if (option == "RECURSIVEMATCH") {
    list.select_recursive = true;
  } else if (option == "SPECIAL-USE") {
    list.select_special = true;
  } else if (option == "REMOTE") {
    list.select_remote = true;
  } else {
    cursor.fail("no such selection option");
  }
}

void read_return_option(Cursor& cursor, ListRequest& list) {
  const std::string option = cursor.upper_atom();
  if (option == "SUBSCRIBED") {
    list.return_subscribed = true;
  } else if (option == "CHILDREN") {
    list.return_children = true;
  } else if (option == "SPECIAL-USE") {
    list.return_special = true;
  } else if (option == "STATUS") {
    cursor.space();
    list.return_status = read_status_items(cursor);
  } else {
    cursor.fail("no such return option");
  }
}

ListRequest read_list_request(Cursor& cursor) {
  ListRequest list;
  if (cursor.peek() == '(') {
    list.extended = true;
    read_list(cursor, true, [&] { read_selection_option(cursor, list); });
    cursor.space();
  }
  list.reference = cursor.astring();
  cursor.space();
  if (cursor.peek() == '(') {
    list.extended = true;
    read_list(cursor, true, [&] { list.patterns.push_back(cursor.list_mailbox()); });
  } else {
    list.patterns.push_back(cursor.list_mailbox());
  }
  if (cursor.skip(' ')) {
    list.extended = true;
    if (!cursor.skip_word("RETURN")) cursor.fail("RETURN is missing");
    cursor.space();
    read_list(cursor, true, [&] { read_return_option(cursor, list); });
  }
  if (list.select_recursive && !list.select_subscribed)
    cursor.fail("RECURSIVEMATCH needs SUBSCRIBED");
  return list;
}

}  // namespace

std::optional<LiteralMark> literal_at_end(std::string_view line) {
  if (!line.ends_with('}')) return {};
  const std::size_t open = line.rfind('{');
  if (open == std::string_view::npos) return {};
  std::string_view digits = line.substr(open + 1, line.size() - open - 2);
  LiteralMark mark;
  if (digits.ends_with('+')) {
    mark.synchronizing = false;
    digits.remove_suffix(1);
  }
  if (digits.empty()) return {};
  for (const char c : digits) {
    if (c < '0' || c > '9') return {};
    const auto digit = static_cast<std::uint64_t>(c - '0');
    mark.size = mark.size > (UINT64_MAX - digit) / 10 ? UINT64_MAX : mark.size * 10 + digit;
  }
  return mark;
}

std::expected<Request, BadRequest> parse_request(std::string_view bytes) {
  const std::string_view tag = bytes.substr(0, bytes.find(' '));
  const bool is_tag =
      !tag.empty() && tag.size() <= tag_limit && std::ranges::all_of(tag, [](unsigned char c) {
        return c > ' ' && c < 0x7f &&
               std::string_view("(){%*\"\\+").find(static_cast<char>(c)) == std::string_view::npos;
      });
  if (!is_tag) return std::unexpected(BadRequest{"*", "A command starts with a tag"});
  if (tag.size() == bytes.size())
    return std::unexpected(BadRequest{std::string(tag), "A command is missing"});
  Cursor cursor(bytes.substr(tag.size() + 1));
  std::string name = cursor.upper_atom();
  if (name == "UID") {
    cursor.space();
    name += ' ' + cursor.upper_atom();
  }
  if (cursor.failed()) return std::unexpected(BadRequest{std::string(tag), "A command is missing"});
  return Request{std::string(tag), std::move(name), cursor.rest()};
}

Parsed<LoginRequest> LoginRequest::parse(std::string_view arguments) {
  return parse_all(arguments, [](Cursor& cursor) {
    LoginRequest login;
    login.user = cursor.astring();
    cursor.space();
    login.password = cursor.astring();
    return login;
  });
}

Parsed<AuthenticateRequest> AuthenticateRequest::parse(std::string_view arguments) {
  return parse_all(arguments, [](Cursor& cursor) {
    AuthenticateRequest request{cursor.upper_atom(), {}};
    if (cursor.skip(' ')) request.initial_response = cursor.astring();
    return request;
  });
}

Parsed<std::string> parse_mailbox(std::string_view arguments) {
  return parse_all(arguments, [](Cursor& cursor) { return cursor.mailbox(); });
}

Parsed<std::pair<std::string, std::string>> parse_two_mailboxes(std::string_view arguments) {
  return parse_all(arguments, [](Cursor& cursor) {
    std::string first = cursor.mailbox();
    cursor.space();
    return std::pair(std::move(first), cursor.mailbox());
  });
}

Parsed<void> parse_nothing(std::string_view arguments) { return Cursor(arguments).finish(); }

Parsed<SequenceSet> parse_uid_set(std::string_view arguments) {
  return parse_all(arguments, [](Cursor& cursor) { return cursor.sequence_set(); });
}

Parsed<CreateRequest> CreateRequest::parse(std::string_view arguments) {
  return parse_all(arguments, [](Cursor& cursor) {
    CreateRequest create{cursor.mailbox(), {}};
    if (cursor.skip(' ')) {
      read_list(cursor, false, [&] {
        if (!cursor.skip_word("USE")) cursor.fail("no such CREATE parameter");
        cursor.space();
        read_list(cursor, true, [&] {
          cursor.expect('\\');
          create.uses.push_back("\\" + cursor.upper_atom());
        });
      });
    }
    return create;
  });
}

Parsed<SelectRequest> SelectRequest::parse(std::string_view arguments) {
  return parse_all(arguments, [](Cursor& cursor) {
    SelectRequest select;
    select.mailbox = cursor.mailbox();
    if (cursor.skip(' ')) {
      read_list(cursor, false, [&] {
        if (cursor.skip_word("CONDSTORE")) {
          select.condstore = true;
        } else if (cursor.skip_word("QRESYNC")) {
          select.resync = read_resync(cursor);
        } else {
          cursor.fail("no such SELECT parameter");
        }
      });
    }
    return select;
  });
}

Parsed<StatusRequest> StatusRequest::parse(std::string_view arguments) {
  return parse_all(arguments, [](Cursor& cursor) {
    StatusRequest status;
    status.mailbox = cursor.mailbox();
    cursor.space();
    status.items = read_status_items(cursor);
    return status;
  });
}

Parsed<ListRequest> ListRequest::parse(std::string_view arguments) {
  return parse_all(arguments, read_list_request);
}

Parsed<std::optional<AppendHead>> parse_append(std::string_view bytes, std::string* mailbox) {
  const std::size_t literal = bytes.rfind('{');
  Cursor cursor(bytes.substr(0, literal));
  if (mailbox != nullptr) {
    cursor.space();
    if (cursor.at_end() && !cursor.failed()) return std::nullopt;
    *mailbox = cursor.mailbox();
  }
  AppendHead head;
  cursor.space();
  if (cursor.peek() == '(') {
    head.flags = read_flag_list(cursor);
    cursor.space();
  }
  if (cursor.peek() == '"') {
    head.internal_date = cursor.date_time();
    cursor.space();
  }
  if (auto finished = cursor.finish(); !finished) return std::unexpected(finished.error());
  return head;
}

Parsed<FetchRequest> FetchRequest::parse(std::string_view arguments) {
  return parse_all(arguments, [](Cursor& cursor) {
    FetchRequest fetch;
    fetch.set = cursor.sequence_set();
    cursor.space();
    fetch.items = read_fetch_items(cursor);
    read_fetch_modifiers(cursor, fetch);
    return fetch;
  });
}

Parsed<StoreRequest> StoreRequest::parse(std::string_view arguments) {
  return parse_all(arguments, [](Cursor& cursor) {
    using Operation = StoreRequest::Operation;
    StoreRequest store;
    store.set = cursor.sequence_set();
    cursor.space();
    if (cursor.skip('(')) {
      if (!cursor.skip_word("UNCHANGEDSINCE")) cursor.fail("no such STORE modifier");
      cursor.space();
      store.unchanged_since = cursor.number64();
      cursor.expect(')');
      cursor.space();
    }
    store.operation = cursor.skip('+')   ? Operation::add
                      : cursor.skip('-') ? Operation::remove
                                         : Operation::replace;
    const std::string word = cursor.upper_atom();
    if (word != "FLAGS" && word != "FLAGS.SILENT") cursor.fail("only FLAGS can be stored");
    store.silent = word == "FLAGS.SILENT";
    cursor.space();
    if (cursor.peek() == '(') {
      store.flags = read_flag_list(cursor);
    } else {
      do {
        read_flag(cursor, store.flags);
      } while (cursor.skip(' '));
    }
    return store;
  });
}

Parsed<CopyRequest> CopyRequest::parse(std::string_view arguments) {
  return parse_all(arguments, [](Cursor& cursor) {
    CopyRequest copy;
    copy.set = cursor.sequence_set();
    cursor.space();
    copy.mailbox = cursor.mailbox();
    return copy;
  });
}

Parsed<std::vector<std::string>> parse_enable(std::string_view arguments) {
  return parse_all(arguments, [](Cursor& cursor) {
    std::vector<std::string> names;
    do {
      names.push_back(cursor.upper_atom());
    } while (cursor.skip(' '));
    return names;
  });
}

Parsed<void> parse_id(std::string_view arguments) {
  const auto read = parse_all(arguments, [](Cursor& cursor) {
    if (cursor.skip_word("NIL")) return true;
    bool is_nil = false;
    read_list(cursor, true, [&] { cursor.nstring_or_nil(is_nil); });
    return true;
  });
  if (!read) return std::unexpected(read.error());
  return {};
}

}  // namespace postern::imap
