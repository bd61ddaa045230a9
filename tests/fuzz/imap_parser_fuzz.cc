// Any bytes as an IMAP command: every grammar reads them, none crashes, and what is written can be
// read again.
#include <cstdint>
#include <string_view>

#include "core/assert.h"
#include "mailbox/imap/commands/copy.h"
#include "mailbox/imap/commands/fetch/request.h"
#include "mailbox/imap/commands/folders.h"
#include "mailbox/imap/commands/general.h"
#include "mailbox/imap/commands/list_request.h"
#include "mailbox/imap/commands/login.h"
#include "mailbox/imap/commands/search/request.h"
#include "mailbox/imap/commands/select.h"
#include "mailbox/imap/commands/store.h"
#include "mailbox/imap/grammar/append_head.h"
#include "mailbox/imap/grammar/request.h"
#include "mailbox/imap/grammar/structure.h"
#include "mailbox/imap/grammar/wildcard.h"
#include "mailbox/imap/grammar/writer.h"

using namespace postern::imap;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  static_cast<void>(literal_at_end(bytes));
  const auto request = parse_request(bytes);
  const std::string_view arguments = request ? request->arguments : bytes;
  static_cast<void>(LoginRequest::parse(arguments));
  static_cast<void>(AuthenticateRequest::parse(arguments));
  static_cast<void>(CreateRequest::parse(arguments));
  static_cast<void>(SelectRequest::parse(arguments));
  static_cast<void>(StatusRequest::parse(arguments));
  static_cast<void>(ListRequest::parse(arguments));
  static_cast<void>(StoreRequest::parse(arguments));
  static_cast<void>(CopyRequest::parse(arguments));
  static_cast<void>(parse_enable(arguments));
  static_cast<void>(parse_id(arguments));
  std::string mailbox;
  static_cast<void>(parse_append(arguments, &mailbox));
  static_cast<void>(parse_append(arguments, nullptr));
  if (auto search = SearchRequest::parse(arguments)) search->key.resolve(100, 1000);
  if (const auto fetch = FetchRequest::parse(arguments)) {
    for (const FetchItem& item : fetch->items) {
      if (item.kind == FetchItem::Kind::section)
        static_cast<void>(find_section(bytes, item.section));
    }
  }
  if (const auto set = SequenceSet::parse(bytes)) static_cast<void>(set->resolve(7));
  const std::size_t half = size / 2;
  if (size < 2000) static_cast<void>(matches_pattern(bytes.substr(0, half), bytes.substr(half)));
  if (const auto name = parse_mailbox(arguments)) {
    std::string out = " ";
    write_mailbox(out, *name);
    const auto again = parse_mailbox(out);
    POSTERN_ASSERT(again && *again == *name);
  }
  static_cast<void>(summarise(bytes));
  return 0;
}
