// mailbox/imap/session/selection.cc: numbers and UIDs of messages that a command means.
#include "mailbox/imap/session/selection.h"

namespace postern::imap {

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
