// mailbox/imap/grammar/wildcard.cc: a pattern as a machine whose states are bits.
#include "mailbox/imap/grammar/wildcard.h"

#include <string>
#include <utility>

namespace postern::imap {
namespace {

constexpr std::size_t bits = 64;

bool is_wildcard(char c) { return c == '*' || c == '%'; }

/// Runs of wildcards say no more than one: a star if there is any in the run, else a percent.
std::string without_runs(std::string_view pattern) {
  std::string shorter;
  for (const char c : pattern) {
    if (is_wildcard(c) && !shorter.empty() && is_wildcard(shorter.back())) {
      if (c == '*') shorter.back() = '*';
    } else {
      shorter += c;
    }
  }
  return shorter;
}

void set(std::uint64_t* words, std::size_t bit) {
  words[bit / bits] |= std::uint64_t{1} << bit % bits;
}

}  // namespace

Pattern::Pattern(std::string_view text) {
  const std::string parts = without_runs(text);
  length_ = parts.size();
  words_ = length_ / bits + 1;
  stars_.resize(words_);
  wild_.resize(words_);
  goes_on_.resize(256 * words_);
  for (std::size_t i = 0; i < length_; ++i) {
    const char c = parts[i];
    if (c == '*') set(stars_.data(), i);
    if (is_wildcard(c)) set(wild_.data(), i);
    if (!is_wildcard(c)) set(&goes_on_[static_cast<unsigned char>(c) * words_], i);
  }
}

/// A wildcard stays where it is, and may be passed without an octet; no two follow each other.
void Pattern::step(const States& reached, States& next, char c) const {
  const Word* const leads = &goes_on_[static_cast<unsigned char>(c) * words_];
  const States& stays = c == '/' ? stars_ : wild_;
  Word moved_out = 0, passed_out = 0;  // bits that go over into the next word
  for (std::size_t w = 0; w < words_; ++w) {
    const Word moving = reached[w] & leads[w];
    Word states = (reached[w] & stays[w]) | moving << 1 | moved_out;
    moved_out = moving >> (bits - 1);
    states |= passed_out;
    const Word passing = states & wild_[w];
    states |= passing << 1;
    passed_out = passing >> (bits - 1);
    next[w] = states;
  }
}

bool Pattern::is_at_end(const States& reached) const {
  return (reached[length_ / bits] >> length_ % bits & 1) != 0;
}

bool Pattern::matches(std::string_view name) const {
  std::vector<std::size_t> unused;
  return matches(name, unused);
}

bool Pattern::matches(std::string_view name, std::vector<std::size_t>& levels) const {
  States reached(words_), next(words_);
  reached[0] = 1 | (wild_[0] & 1) << 1;
  for (std::size_t at = 0; at < name.size(); ++at) {
    if (name[at] == '/' && is_at_end(reached)) levels.push_back(at);
    step(reached, next, name[at]);
    std::swap(reached, next);
  }
  return is_at_end(reached);
}

}  // namespace postern::imap
