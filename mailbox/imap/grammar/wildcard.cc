// mailbox/imap/grammar/wildcard.cc: follows all ways through a pattern at once, one pass over the
// name.
#include "mailbox/imap/grammar/wildcard.h"

#include <string>
#include <vector>

namespace postern::imap {
namespace {

/// Runs of wildcards say no more than one: a star if there is any in the run, else a percent.
std::string without_runs(std::string_view pattern) {
  std::string shorter;
  for (const char c : pattern) {
    const bool is_wild = c == '*' || c == '%';
    if (is_wild && !shorter.empty() && (shorter.back() == '*' || shorter.back() == '%')) {
      if (c == '*') shorter.back() = '*';
    } else {
      shorter += c;
    }
  }
  return shorter;
}

}  // namespace

bool matches_pattern(std::string_view pattern, std::string_view name) {
  const std::string parts = without_runs(pattern);
  // reached[i]: the first i pattern characters match what was read of the name so far.
  std::vector<char> reached(parts.size() + 1), next(parts.size() + 1);
  const auto pass_empty_wildcards = [&](std::vector<char>& states) {
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (states[i] && (parts[i] == '*' || parts[i] == '%')) states[i + 1] = true;
    }
  };
  reached[0] = true;
  pass_empty_wildcards(reached);
  for (const char c : name) {
    std::fill(next.begin(), next.end(), false);
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (!reached[i]) continue;
      if (parts[i] == '*' || (parts[i] == '%' && c != '/')) {
        next[i] = true;
      } else if (parts[i] == c) {
        next[i + 1] = true;
      }
    }
    pass_empty_wildcards(next);
    std::swap(reached, next);
  }
  return reached[parts.size()];
}

}  // namespace postern::imap
