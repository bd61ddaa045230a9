// mailbox/imap/commands/search/request.h: what SEARCH asks for: a tree of keys (RFC 3501 §6.4.4;
// RFC 4731, 5032, 7162). Pure.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "mailbox/imap/grammar/sequence_set.h"

namespace postern::imap {

inline constexpr int nesting_limit = 50;

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

  std::size_t size() const;    // keys in the tree
  bool needs_content() const;  // must ask the store: header, body or text somewhere in it
  bool mentions_modseq() const;
  /// Gives numbers to the stars of all sets.
  void resolve(std::uint32_t largest_number, std::uint32_t largest_uid);
};

/// Why a SEARCH cannot be obeyed.
struct SearchError {
  enum class Kind : std::uint8_t {
    syntax,
    unknown_charset,  // BADCHARSET: RFC 3501 §6.4.4
  };
  Kind kind{};
  SyntaxError error;  // of syntax
};

struct SearchRequest {
  bool extended = false;  // RETURN was given: answer with ESEARCH (RFC 4731 §3.1)
  bool minimum = false, maximum = false, all = false, count = false;
  SearchKey key;
  static std::expected<SearchRequest, SearchError> parse(std::string_view arguments);
};

}  // namespace postern::imap
