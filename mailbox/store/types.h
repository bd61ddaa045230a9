// mailbox/store/types.h: the words of the mailbox store: folders, messages, flags, changes.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern::mailbox {

enum class Uid : std::uint32_t {};  // ascending under one UIDVALIDITY, never 0: RFC 3501 §2.3.1.1
enum class FolderId : std::int64_t {};  // a row of this account's database; never reused
using ContentId = std::int64_t;         // what copies of a message share; never reused
using ModSeq = std::uint64_t;           // one counter for the account; RFC 7162 §3.1: below 2^63
using Seconds = std::int64_t;           // since 1970, UTC

/// What a request to the store may be refused for. Disk trouble is an IoError instead.
enum class StoreError {
  no_such_folder,
  folder_exists,
  bad_name,     // not UTF-8, control characters, empty levels, too long, too deep
  not_allowed,  // deleting INBOX, deleting a \Noselect parent that still has children, …
  over_quota,
  too_many,           // folders, subscriptions
  too_many_keywords,  // of the account: keyword_limit, and messages have all of them
  bad_keyword,        // no atom, too long
};

/// Uids first to last, both included.
struct UidRange {
  Uid first{}, last{};
  bool operator==(const UidRange&) const = default;
};

/// The system flags of RFC 3501 §2.3.2, as bits. \Recent is no flag of the store: see claim_recent.
namespace flag {
inline constexpr std::uint8_t seen = 1, answered = 2, flagged = 4, deleted = 8, draft = 16;
inline constexpr std::uint8_t all = 31;
}  // namespace flag

/// Keywords are bits too: bit n is `keyword_names[n]` of the account.
using KeywordBits = std::uint64_t;
inline constexpr std::size_t keyword_limit = 64;
inline constexpr std::size_t keyword_length_limit = 128;

/// One message of a folder, as kept in memory for each open folder.
struct MessageEntry {
  Uid uid{};
  std::uint8_t system_flags = 0;
  KeywordBits keywords = 0;
  ModSeq modseq = 0;
  std::uint64_t size = 0;  // RFC822.SIZE
  Seconds internal_date = 0;
  Seconds sent_date = 0;  // the Date field as SENTBEFORE counts it (date in its own zone, time
                          // dropped, at 00:00); else internal_date
  ContentId content = 0;  // equal for copies: usable as EMAILID
};

enum class SpecialUse : std::uint8_t { none, drafts, sent, junk, trash, archive };  // RFC 6154

struct FolderInfo {
  FolderId id{};
  std::string name;  // UTF-8, levels parted by '/', "INBOX" in this case
  bool selectable = true;
  bool has_children = false;
  SpecialUse special_use = SpecialUse::none;
  std::uint32_t uid_validity = 0;
};

/// What STATUS and SELECT answer.
struct FolderStatus {
  FolderId id{};
  std::uint32_t uid_validity = 0;
  std::uint32_t uid_next = 1;
  ModSeq highest_modseq = 1;
  std::uint64_t messages = 0, unseen = 0, deleted = 0, size = 0, recent = 0;
  std::uint64_t deleted_size = 0;  // of those that are \Deleted
};

/// What happened to one folder in one committed transaction; the hub applies it to the open index.
struct FolderChange {
  FolderId folder{};
  std::vector<MessageEntry> upserts;  // new ones and those with other flags, ascending by uid
  std::vector<Uid> expunged;          // ascending
  std::uint32_t uid_next = 0;
  ModSeq highest_modseq = 0;
  bool gone = false;  // the folder was deleted, or lost its messages for good
};

/// The octets of a message before they are stored: some text (such as Return-Path), then a string
/// that others may share, or a file (its bytes are mapped, not copied).
struct Content {
  std::string prefix;
  std::shared_ptr<const std::string> memory;
  std::string path;  // used when `memory` is empty
  static Content of(std::string text) {
    return {
        .prefix = {}, .memory = std::make_shared<const std::string>(std::move(text)), .path = {}};
  }
};

/// What the store keeps ready beside each message: the texts of ENVELOPE, BODYSTRUCTURE and BODY as
/// IMAP will send them.
struct Summary {
  std::string envelope, body_structure, body;
};

/// Pure, over a whole message; called off the loop. main hands in imap::summarise.
using MessageIndexer = std::function<Summary(std::string_view message)>;

/// A message to be stored.
struct NewMail {
  Content content;
  std::uint8_t system_flags = 0;
  std::vector<std::string> keywords;
  std::optional<Seconds> internal_date;  // none: now
};

struct Appended {
  std::uint32_t uid_validity = 0;
  Uid uid{};
};

/// COPYUID (RFC 4315 §3): source[i] became target[i].
struct Copied {
  std::uint32_t uid_validity = 0;
  std::vector<Uid> source, target;
};

enum class FlagOperation : std::uint8_t { replace, add, remove };

struct FlagUpdate {
  FlagOperation operation = FlagOperation::replace;
  std::uint8_t system_flags = 0;
  std::vector<std::string> keywords;
  std::optional<ModSeq> unchanged_since;  // RFC 7162 §3.1.3
};

struct FlagsStored {
  std::vector<MessageEntry>
      changed;  // with new modseq; a message that had these flags already is not in it
  std::vector<Uid> modified;  // failed UNCHANGEDSINCE
};

/// Which of the texts that were computed at delivery a FETCH wants.
struct MetadataWanted {
  bool header = false, envelope = false, body_structure = false, body = false;
};

struct Metadata {
  ContentId content = 0;
  std::string header;  // raw, with the empty line that ends it
  std::string envelope, body_structure, body;
};

inline constexpr std::uint64_t small_message =
    64 * 1024;  // octets; up to it, many are read at once

/// A whole message.
struct Octets {
  Uid uid{};
  std::string bytes;
};

enum class SearchScope : std::uint8_t { header, body, text };  // text: both (RFC 3501 §6.4.4)

struct QuotaUse {
  std::uint64_t bytes = 0, messages = 0;
  std::optional<std::uint64_t> limit;  // of bytes
};

}  // namespace postern::mailbox
