// mailbox/imap/commands/fetch/request.cc: the grammar of FETCH (RFC 3501 §6.4.5, §9; RFC 7162).
#include "mailbox/imap/commands/fetch/request.h"

#include <algorithm>
#include <array>
#include <initializer_list>

#include "mailbox/imap/grammar/writer.h"

namespace postern::imap {
namespace {

/// An item that is one word, by its name in capitals. The RFC822 ones are sections under an old
/// name (RFC 3501 §6.4.5).
struct FetchWord {
  std::string_view name;
  FetchItem::Kind kind;
  Section::Kind section = Section::Kind::whole;
  bool peek = false;
};
// clang-format off
constexpr std::array fetch_words{
    FetchWord{"FLAGS",         FetchItem::Kind::flags},
    FetchWord{"UID",           FetchItem::Kind::uid},
    FetchWord{"INTERNALDATE",  FetchItem::Kind::internal_date},
    FetchWord{"RFC822.SIZE",   FetchItem::Kind::size},
    FetchWord{"ENVELOPE",      FetchItem::Kind::envelope},
    FetchWord{"BODYSTRUCTURE", FetchItem::Kind::body_structure},
    FetchWord{"BODY",          FetchItem::Kind::body},
    FetchWord{"MODSEQ",        FetchItem::Kind::modseq},
    FetchWord{"RFC822",        FetchItem::Kind::section, Section::Kind::whole,  false},
    FetchWord{"RFC822.HEADER", FetchItem::Kind::section, Section::Kind::header, true},
    FetchWord{"RFC822.TEXT",   FetchItem::Kind::section, Section::Kind::text,   false},
};
// clang-format on

std::optional<FetchItem> item_called(std::string_view name) {
  const auto* found = std::ranges::find(fetch_words, name, &FetchWord::name);
  if (found == fetch_words.end()) return {};
  FetchItem item;
  item.kind = found->kind;
  item.label = found->name;
  item.section.kind = found->section;
  item.peek = found->peek;
  return item;
}

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

std::string write_section_label(const Section& section) {
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

FetchItem read_fetch_item(Cursor& cursor) {
  const std::string word = read_fetch_word(cursor);
  if ((word == "BODY" || word == "BODY.PEEK") && cursor.skip('[')) {
    FetchItem item;
    item.kind = FetchItem::Kind::section;
    item.section = read_section(cursor);
    item.label = write_section_label(item.section);
    item.peek = word == "BODY.PEEK";
    item.partial = read_partial(cursor);
    return item;
  }
  auto item = item_called(word);
  if (!item) cursor.fail("no such item to fetch");
  return item.value_or(FetchItem());
}

std::vector<FetchItem> read_fetch_items(Cursor& cursor) {
  std::vector<FetchItem> items;
  const auto add_all = [&](std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names) items.push_back(*item_called(name));
  };
  const bool is_all = cursor.skip_word("ALL"), is_full = !is_all && cursor.skip_word("FULL");
  if (is_all || is_full || cursor.skip_word("FAST")) {  // macros: RFC 3501 §6.4.5
    add_all({"FLAGS", "INTERNALDATE", "RFC822.SIZE"});
    if (is_all || is_full) add_all({"ENVELOPE"});
    if (is_full) add_all({"BODY"});
  } else if (cursor.peek() == '(') {
    read_list(cursor, false, [&] { items.push_back(read_fetch_item(cursor)); });
  } else {
    items.push_back(read_fetch_item(cursor));
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

}  // namespace

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

}  // namespace postern::imap
