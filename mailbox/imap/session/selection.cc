// mailbox/imap/session/selection.cc: numbers and UIDs of messages that a command means.
#include "mailbox/imap/session/selection.h"

namespace postern::imap {

void Selection::meet_recent() {
  const mailbox::Uid first = folder->recent_from, end{folder->uid_next};
  recent_uids.add(first, end);
  if (is_read_only || first >= end) return;
  folder->recent_from = end;
  has_claimed = true;
}

SessionView::Update Selection::take_changes(bool may_expunge, std::size_t most_flags) {
  const bool withholds = withholds_expunges() && !may_expunge;
  const auto touched = folder->recent_changes.since(followed_to);
  SessionView::Update update = touched && !withholds
                                   ? view.take(folder->entries, *touched, most_flags)
                                   : view.take(folder->entries, may_expunge, most_flags);
  has_changed = withholds || update.is_cut;  // the rest is told at the next chance
  if (withholds) return update;
  kept.reset();
  if (update.is_cut) return update;
  told_up_to = folder->highest_modseq;
  followed_to = folder->recent_changes.now();
  return update;
}

std::optional<std::vector<std::uint32_t>> Selection::chosen(const SequenceSet& set,
                                                            bool by_uid) const {
  if (!by_uid && !set.is_within(view.size())) return {};
  return view.resolve(set, by_uid);
}

std::vector<mailbox::Uid> Selection::uids_of(const std::vector<std::uint32_t>& numbers) const {
  std::vector<mailbox::Uid> uids;
  uids.reserve(numbers.size());
  for (const std::uint32_t number : numbers) uids.push_back(view.uid(number));
  return uids;
}

}  // namespace postern::imap
