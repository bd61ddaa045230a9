// mailbox/imap/grammar/wildcard.h: which mailbox names a LIST pattern means (RFC 3501 §6.3.8).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace postern::imap {

/// `*` matches anything, `%` anything without a '/'. All ways through the pattern are followed at
/// once, as bits: one pass over a name, a word for each 64 octets of the pattern. No backtracking.
class Pattern {
 public:
  explicit Pattern(std::string_view text);

  bool matches(std::string_view name) const;
  /// The same, and which levels above match: to `levels` the lengths of "a" and "a/b" of "a/b/c"
  /// are added, ascending.
  bool matches(std::string_view name, std::vector<std::size_t>& levels) const;

 private:
  using Word = std::uint64_t;
  using States = std::vector<Word>;  // bit i: what was read may be the first i octets

  void step(const States& reached, States& next, char c) const;
  bool is_at_end(const States& reached) const;

  std::size_t words_;   // of States
  std::size_t length_;  // of the pattern, its runs of wildcards shortened
  States stars_, wild_;
  std::vector<Word> goes_on_;  // of each octet, the states from which it leads to the next
};

}  // namespace postern::imap
