// mailbox/imap/search.h: the keys of SEARCH (RFC 3501 §6.4.4; RFC 4731, 5032, 7162).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/async/task.h"
#include "mailbox/imap/requests.h"
#include "mailbox/store/hub.h"

namespace postern::imap {

/// A condition on messages, as a tree no deeper than nesting_limit.
struct SearchKey {
  enum class Kind : std::uint8_t {
    all,
    numbers,      // set
    uids,         // set
    system_flag,  // number: the bit
    keyword,      // text
    recent,
    header,   // field, text (UTF-8)
    body,     // text
    text,     // text
    larger,   // number
    smaller,  // number
    before,
    on,
    since,  // number: seconds of midnight; INTERNALDATE
    sent_before,
    sent_on,
    sent_since,  // the same; Date
    younger,
    older,    // number: seconds (RFC 5032)
    modseq,   // number
    all_of,   // children
    any_of,   // children
    none_of,  // one child
  };
  Kind kind = Kind::all;
  std::uint64_t number = 0;
  std::string text, field;
  SequenceSet set;
  std::vector<Interval> intervals;  // of `set`, by resolve
  std::vector<SearchKey> children;

  bool needs_content() const;  // must ask the store: header, body or text somewhere in it
  bool mentions_modseq() const;
  /// Gives numbers to the stars of all sets.
  void resolve(std::uint32_t largest_number, std::uint32_t largest_uid);
};

struct SearchRequest {
  bool extended = false;  // RETURN was given: answer with ESEARCH (RFC 4731)
  bool minimum = false, maximum = false, all = false, count = false;
  SearchKey key;
  static constexpr std::string_view unknown_charset = "unknown charset";  // the error's text then
  static Parsed<SearchRequest> parse(std::string_view arguments);
};

/// A message as SEARCH sees it.
struct SearchEntry {
  std::uint32_t number = 0;
  bool is_recent = false;
  mailbox::MessageEntry message;
};

/// What the cheap keys look at besides the message.
struct SearchTime {
  mailbox::Seconds now = 0;
};

/// Whether a resolved key that needs no content holds. `keyword_names` by bit.
bool matches(const SearchKey& key, const SearchEntry& entry,
             const std::vector<std::string>& keyword_names, SearchTime time);

/// The indices into `entries` (ascending by uid) that match, ascending.
Task<std::vector<std::uint32_t>> search(mailbox::Mailbox& mailbox,
                                        std::shared_ptr<mailbox::FolderIndex> folder,
                                        const std::vector<SearchEntry>& entries,
                                        const SearchKey& key, SearchTime time);

}  // namespace postern::imap
