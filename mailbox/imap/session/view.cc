// mailbox/imap/session/view.cc: compares what a client knows with what there is.
#include "mailbox/imap/session/view.h"

#include <algorithm>

namespace postern::imap {

using mailbox::MessageEntry;
using mailbox::Uid;

SessionView::SessionView(std::span<const MessageEntry> entries) {
  known_.reserve(entries.size());
  for (const MessageEntry& entry : entries) known_.push_back({entry.uid, entry.modseq});
}

std::optional<std::uint32_t> SessionView::number(Uid uid) const {
  const auto found = std::ranges::lower_bound(known_, uid, {}, &Known::uid);
  if (found == known_.end() || found->uid != uid) return {};
  return static_cast<std::uint32_t>(found - known_.begin() + 1);
}

std::uint32_t SessionView::largest_uid() const {
  return known_.empty() ? 0 : static_cast<std::uint32_t>(known_.back().uid);
}

std::vector<std::uint32_t> SessionView::resolve(const SequenceSet& set, bool by_uid) const {
  std::vector<std::uint32_t> numbers;
  for (const Interval& interval : set.resolve(by_uid ? largest_uid() : size())) {
    if (by_uid) {
      auto next = std::ranges::lower_bound(known_, Uid{interval.first}, {}, &Known::uid);
      for (; next != known_.end() && next->uid <= Uid{interval.last}; ++next) {
        numbers.push_back(static_cast<std::uint32_t>(next - known_.begin() + 1));
      }
    } else {
      for (std::uint32_t number = interval.first; number <= std::min(interval.last, size());
           ++number)
        numbers.push_back(number);
    }
  }
  return numbers;
}

void SessionView::tell(std::uint32_t number, mailbox::ModSeq modseq) {
  Known& known = known_[number - 1];
  known.modseq = std::max(known.modseq, modseq);
}

bool SessionView::is_told(const MessageEntry& entry) const {
  const auto found = number(entry.uid);
  return found && known_[*found - 1].modseq >= entry.modseq;
}

// EXPUNGEs are told from the highest number down, so that each number holds when the ones before it
// were told (RFC 3501 §7.4.1).
SessionView::Update SessionView::take(std::span<const MessageEntry> entries, bool may_expunge) {
  Update update;
  std::vector<Known> next;
  next.reserve(std::max(known_.size(), entries.size()));
  std::size_t i = 0;
  for (const MessageEntry& entry : entries) {
    for (; i < known_.size() && known_[i].uid < entry.uid; ++i) {
      if (!may_expunge) {
        next.push_back(known_[i]);
        continue;
      }
      update.expunged.push_back(static_cast<std::uint32_t>(i + 1));
      update.vanished.push_back(known_[i].uid);
    }
    const bool is_known = i < known_.size() && known_[i].uid == entry.uid;
    next.push_back({entry.uid, entry.modseq});
    if (!is_known) {
      update.has_grown = true;
    } else if (known_[i++].modseq != entry.modseq) {
      update.changed.push_back(static_cast<std::uint32_t>(next.size()));
      update.flags.push_back(entry);
    }
  }
  for (; i < known_.size(); ++i) {
    if (!may_expunge) {
      next.push_back(known_[i]);
      continue;
    }
    update.expunged.push_back(static_cast<std::uint32_t>(i + 1));
    update.vanished.push_back(known_[i].uid);
  }
  std::ranges::reverse(update.expunged);
  known_ = std::move(next);
  return update;
}

}  // namespace postern::imap
