// mailbox/imap/requests.cc: the grammar of the commands, but for FETCH, LIST and SEARCH.
#include "mailbox/imap/requests.h"

#include <algorithm>
#include <array>

#include "mailbox/imap/flags.h"
#include "mailbox/imap/grammar.h"

namespace postern::imap {
namespace {

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
  static constexpr std::array<std::pair<std::string_view, StatusItem>, 9> items{{
      {"MESSAGES", StatusItem::messages},
      {"RECENT", StatusItem::recent},
      {"UIDNEXT", StatusItem::uid_next},
      {"UIDVALIDITY", StatusItem::uid_validity},
      {"UNSEEN", StatusItem::unseen},
      {"HIGHESTMODSEQ", StatusItem::highest_modseq},
      {"SIZE", StatusItem::size},
      {"DELETED", StatusItem::deleted},
      {"DELETED-STORAGE", StatusItem::deleted_storage},
  }};
  const std::string name = cursor.upper_atom();
  const auto* item = std::ranges::find(items, name, &decltype(items)::value_type::first);
  if (item != items.end()) return item->second;
  cursor.fail("no such status item");
  return {};
}

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

}  // namespace

std::vector<StatusItem> read_status_items(Cursor& cursor) {
  std::vector<StatusItem> items;
  read_list(cursor, false, [&] { items.push_back(read_status_item(cursor)); });
  return items;
}

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

Parsed<StoreRequest> StoreRequest::parse(std::string_view arguments) {
  return parse_all(arguments, [](Cursor& cursor) {
    using Operation = mailbox::FlagOperation;
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
