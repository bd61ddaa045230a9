// mailbox/imap/requests.h: what IMAP commands ask for, parsed from their bytes. Pure.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.h"
#include "mailbox/imap/cursor.h"
#include "mailbox/imap/structure.h"
#include "mailbox/store/types.h"

namespace postern::imap {

template <class T>
using Parsed = std::expected<T, SyntaxError>;

// The bounds of a command (RULES.md "At the door" 6).
inline constexpr std::size_t command_limit =
    64 * 1024;  // octets, with literals, without APPEND's message
inline constexpr std::size_t long_line_limit =
    1024 * 1024;  // of a line past it that is read to its end
inline constexpr std::size_t tag_limit = 256;
inline constexpr int nesting_limit = 50;
inline constexpr std::size_t pattern_limit = 100;  // of one LIST

/// A literal that a line announces at its end. A size past 64 bits is the largest there is.
struct LiteralMark {
  std::uint64_t size = 0;
  bool synchronizing = true;  // false: {n+}, which comes unasked (RFC 7888)
  bool operator==(const LiteralMark&) const = default;
};
std::optional<LiteralMark> literal_at_end(std::string_view line);

/// A command by its tag and name. `name` is in capitals; that of a UID command is "UID FETCH".
struct Request {
  std::string tag;
  std::string name;
  std::string_view arguments;  // of the bytes that were parsed, with their leading blank
  std::optional<LiteralMark> message = {};  // APPEND's message comes next on the stream
};
struct BadRequest {
  std::string tag;  // "*" when it could not be read
  std::string text;
};
std::expected<Request, BadRequest> parse_request(std::string_view bytes);

/// Flags as a client names them. \Recent, which no client can set, is dropped.
struct FlagList {
  std::uint8_t system_flags = 0;
  std::vector<std::string> keywords;
};

struct LoginRequest {
  std::string user, password;
  static Parsed<LoginRequest> parse(std::string_view arguments);
};

struct AuthenticateRequest {
  std::string mechanism;                        // in capitals
  std::optional<std::string> initial_response;  // base64 (RFC 4959)
  static Parsed<AuthenticateRequest> parse(std::string_view arguments);
};

/// One mailbox and nothing more: CREATE, DELETE, SUBSCRIBE …
Parsed<std::string> parse_mailbox(std::string_view arguments);
Parsed<std::pair<std::string, std::string>> parse_two_mailboxes(std::string_view arguments);
Parsed<void> parse_nothing(std::string_view arguments);
Parsed<SequenceSet> parse_uid_set(std::string_view arguments);

struct CreateRequest {
  std::string mailbox;
  std::vector<std::string> uses;  // "\Sent" (RFC 6154 §3)
  static Parsed<CreateRequest> parse(std::string_view arguments);
};

struct SelectRequest {
  struct Resync {  // QRESYNC (RFC 7162 §3.2.5)
    std::uint32_t uid_validity = 0;
    std::uint64_t modseq = 0;
    std::optional<SequenceSet> known_uids;
  };
  std::string mailbox;
  bool condstore = false;
  std::optional<Resync> resync;
  static Parsed<SelectRequest> parse(std::string_view arguments);
};

enum class StatusItem : std::uint8_t {
  messages,
  recent,
  uid_next,
  uid_validity,
  unseen,
  highest_modseq,
  size,
  deleted,
  deleted_storage
};

struct StatusRequest {
  std::string mailbox;
  std::vector<StatusItem> items;
  static Parsed<StatusRequest> parse(std::string_view arguments);
};

/// LIST with the extensions of RFC 5258, 5819 and 6154, and LSUB.
struct ListRequest {
  std::string reference;
  std::vector<std::string> patterns;  // on the wire's form: reference not yet before them
  bool extended = false;              // any option was given
  bool select_subscribed = false, select_recursive = false, select_special = false,
       select_remote = false;
  bool return_subscribed = false, return_children = false, return_special = false;
  std::vector<StatusItem> return_status;
  static Parsed<ListRequest> parse(std::string_view arguments);
};

/// One message of APPEND, up to its literal.
struct AppendHead {
  FlagList flags;
  std::optional<std::int64_t> internal_date;
};
/// What APPEND's bytes say, when they end where a message's literal is announced. `bytes` is what
/// came after the tag and the name and ends in `{n}` or `{n+}`; with `mailbox` null (a further
/// message, RFC 3502) it starts at the blank before the flags. No value: the literal is the
/// mailbox's name, read on.
Parsed<std::optional<AppendHead>> parse_append(std::string_view bytes, std::string* mailbox);

struct FetchItem {
  enum class Kind : std::uint8_t {
    flags,
    internal_date,
    size,
    uid,
    envelope,
    body_structure,
    body,
    modseq,
    section
  };
  Kind kind{};
  std::string label;  // as the answer calls it, without <origin>
  Section section;    // of `section`, the following too
  bool peek = false;
  struct Partial {
    std::uint32_t offset = 0, count = 0;
    bool operator==(const Partial&) const = default;
  };
  std::optional<Partial> partial;
};

struct FetchRequest {
  SequenceSet set;
  std::vector<FetchItem> items;
  std::optional<std::uint64_t> changed_since;  // RFC 7162 §3.1.4.1
  bool vanished = false;                       // RFC 7162 §3.2.6
  static Parsed<FetchRequest> parse(std::string_view arguments);
};

struct StoreRequest {
  SequenceSet set;
  std::optional<std::uint64_t> unchanged_since;  // RFC 7162 §3.1.3
  mailbox::FlagOperation operation{};
  bool silent = false;
  FlagList flags;
  static Parsed<StoreRequest> parse(std::string_view arguments);
};

/// COPY and MOVE.
struct CopyRequest {
  SequenceSet set;
  std::string mailbox;
  static Parsed<CopyRequest> parse(std::string_view arguments);
};

/// The names of ENABLE, in capitals.
Parsed<std::vector<std::string>> parse_enable(std::string_view arguments);
/// ID's fields are read and dropped (RFC 2971).
Parsed<void> parse_id(std::string_view arguments);

}  // namespace postern::imap
