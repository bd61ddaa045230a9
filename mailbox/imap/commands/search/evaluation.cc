// mailbox/imap/commands/search/evaluation.cc: evaluates search keys, cheap ones first.
#include "mailbox/imap/commands/search/evaluation.h"

#include <algorithm>
#include <iterator>
#include <numeric>

#include "core/async/offload.h"
#include "core/mail/encodings.h"

namespace postern::imap {
namespace {

using Kind = SearchKey::Kind;
constexpr mailbox::Seconds day = 24 * 3600;
constexpr std::size_t work_on_loop = 100'000;  // comparisons that delay nobody else: a millisecond

using Indices = std::vector<std::uint32_t>;

Indices difference(const Indices& from, const Indices& without) {
  Indices rest;
  std::ranges::set_difference(from, without, std::back_inserter(rest));
  return rest;
}

/// One SEARCH over a snapshot. Candidates and results are indices into it, ascending.
class Evaluation {
 public:
  Evaluation(ThreadPool& pool, mailbox::Mailbox& mailbox,
             std::shared_ptr<mailbox::FolderIndex> folder, const std::vector<SearchEntry>& entries,
             SearchTime time)
      : pool_(pool),
        mailbox_(mailbox),
        folder_(std::move(folder)),
        entries_(entries),
        keyword_names_(mailbox.keyword_names()),
        time_(time) {}

  /// `key` outlives the task: the caller awaits at once.
  Task<Indices> run(const SearchKey& key, Indices candidates) {
    if (candidates.empty()) co_return candidates;
    if (!key.needs_content()) co_return co_await filter(key, std::move(candidates));
    switch (key.kind) {
      case Kind::all_of:
        co_return co_await all_of(key, std::move(candidates));
      case Kind::any_of:
        co_return co_await any_of(key, std::move(candidates));
      case Kind::none_of: {
        const Indices matching = co_await run(key.children.front(), candidates);
        co_return difference(candidates, matching);
      }
      default:
        co_return co_await by_content(key, std::move(candidates));
    }
  }

 private:
  Task<Indices> filter(const SearchKey& key, Indices candidates) {
    const auto work = [&] {
      Indices matching;
      matching.reserve(candidates.size());
      for (const std::uint32_t index : candidates) {
        if (matches(key, entries_[index], keyword_names_, time_)) matching.push_back(index);
      }
      return matching;
    };
    if (candidates.size() * key.size() <= work_on_loop) co_return work();
    co_return co_await offload(pool_, work);
  }

  /// The cheap keys first: what they leave, the store must look at.
  Task<Indices> all_of(const SearchKey& key, Indices candidates) {
    for (const bool expensive : {false, true}) {
      for (const SearchKey& child : key.children) {
        if (child.needs_content() == expensive)
          candidates = co_await run(child, std::move(candidates));
      }
    }
    co_return candidates;
  }

  Task<Indices> any_of(const SearchKey& key, Indices candidates) {
    Indices matching;
    for (const bool expensive : {false, true}) {
      for (const SearchKey& child : key.children) {
        if (child.needs_content() != expensive) continue;
        const Indices more = co_await run(child, candidates);
        candidates = difference(candidates, more);
        Indices merged;
        std::ranges::merge(matching, more, std::back_inserter(merged));
        matching = std::move(merged);
      }
    }
    co_return matching;
  }

  Task<Indices> by_content(const SearchKey& key, Indices candidates) {
    std::vector<mailbox::Uid> uids;
    for (const std::uint32_t index : candidates) uids.push_back(entries_[index].message.uid);
    std::vector<mailbox::Uid> found;
    if (key.kind == Kind::header) {
      found = co_await mailbox_.search_header(folder_, key.field, key.text, uids);
    } else {
      const auto scope =
          key.kind == Kind::body ? mailbox::SearchScope::body : mailbox::SearchScope::text;
      found = co_await mailbox_.search_text(folder_, scope, key.text, uids);
    }
    Indices matching;
    for (const std::uint32_t index : candidates) {
      if (std::ranges::binary_search(found, entries_[index].message.uid)) matching.push_back(index);
    }
    co_return matching;
  }

  ThreadPool& pool_;
  mailbox::Mailbox& mailbox_;
  std::shared_ptr<mailbox::FolderIndex> folder_;
  const std::vector<SearchEntry>& entries_;
  const std::vector<std::string> keyword_names_;  // as of the snapshot
  SearchTime time_;
};

/// Dates are compared without their time (RFC 3501 §6.4.4, BEFORE).
mailbox::Seconds midnight(mailbox::Seconds time) { return time - ((time % day) + day) % day; }

/// Keywords have no case (RFC 3501 §2.3.2).
bool has_keyword(std::string_view name, mailbox::KeywordBits bits,
                 const std::vector<std::string>& names) {
  for (std::size_t bit = 0; bit < names.size() && bit < mailbox::keyword_limit; ++bit) {
    if (mail::equal_ignoring_case(names[bit], name)) return bits >> bit & 1;
  }
  return false;
}

}  // namespace

bool matches(const SearchKey& key, const SearchEntry& entry,
             const std::vector<std::string>& keyword_names, SearchTime time) {
  const mailbox::MessageEntry& message = entry.message;
  const auto number = static_cast<mailbox::Seconds>(key.number);
  const auto holds = [&](const SearchKey& child) {
    return matches(child, entry, keyword_names, time);
  };
  switch (key.kind) {
    case Kind::all:
      return true;
    case Kind::numbers:
      return contains(key.intervals, entry.number);
    case Kind::uids:
      return contains(key.intervals, static_cast<std::uint32_t>(message.uid));
    case Kind::system_flag:
      return (message.system_flags & key.number) != 0;
    case Kind::keyword:
      return has_keyword(key.text, message.keywords, keyword_names);
    case Kind::recent:
      return entry.is_recent;
    case Kind::larger:
      return message.size > key.number;
    case Kind::smaller:
      return message.size < key.number;
    case Kind::before:
      return midnight(message.internal_date) < number;
    case Kind::on:
      return midnight(message.internal_date) == number;
    case Kind::since:
      return midnight(message.internal_date) >= number;
    case Kind::sent_before:
      return midnight(message.sent_date) < number;
    case Kind::sent_on:
      return midnight(message.sent_date) == number;
    case Kind::sent_since:
      return midnight(message.sent_date) >= number;
    case Kind::younger:  // RFC 5032 §2: within the last n seconds
      return message.internal_date >= time.now - std::min(number, time.now);
    case Kind::older:
      return message.internal_date <= time.now - std::min(number, time.now);
    case Kind::modseq:  // RFC 7162 §3.1.5: this one or a higher
      return message.modseq >= key.number;
    case Kind::all_of:
      return std::ranges::all_of(key.children, holds);
    case Kind::any_of:
      return std::ranges::any_of(key.children, holds);
    case Kind::none_of:
      return std::ranges::none_of(key.children, holds);
    case Kind::header:
    case Kind::body:
    case Kind::text:
      break;
  }
  return false;
}

Task<std::vector<std::uint32_t>> search(ThreadPool& pool, mailbox::Mailbox& mailbox,
                                        std::shared_ptr<mailbox::FolderIndex> folder,
                                        const std::vector<SearchEntry>& entries,
                                        const SearchKey& key, SearchTime time) {
  Indices everything(entries.size());
  std::iota(everything.begin(), everything.end(), 0);
  Evaluation evaluation(pool, mailbox, std::move(folder), entries, time);
  co_return co_await evaluation.run(key, std::move(everything));
}

}  // namespace postern::imap
