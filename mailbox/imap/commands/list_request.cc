// mailbox/imap/commands/list_request.cc: the grammar of LIST and LSUB (RFC 3501 §6.3.8; RFC 5258,
// 5819, 6154).
#include "mailbox/imap/commands/list_request.h"

namespace postern::imap {
namespace {

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
    if (list.patterns.size() > pattern_limit) cursor.fail("too many patterns");
  } else {
    list.patterns.push_back(cursor.list_mailbox());
  }
  if (cursor.skip(' ')) {
    list.extended = true;
    if (!cursor.skip_word("RETURN")) cursor.fail("RETURN is missing");
    cursor.space();
    read_list(cursor, true, [&] { read_return_option(cursor, list); });
  }
  if (list.select_recursive && !list.select_subscribed && !list.select_special)
    cursor.fail("RECURSIVEMATCH needs an option that selects");  // RFC 5258 §3.1
  return list;
}

}  // namespace

Parsed<ListRequest> ListRequest::parse(std::string_view arguments) {
  return parse_all(arguments, read_list_request);
}

}  // namespace postern::imap
