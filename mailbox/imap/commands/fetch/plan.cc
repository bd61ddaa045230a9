// mailbox/imap/commands/fetch/plan.cc: derives the work from the items (RFC 3501 §6.4.5).
#include "mailbox/imap/commands/fetch/plan.h"

#include <algorithm>

namespace postern::imap {
namespace {

constexpr std::uint64_t usual_header = 16 * 1024;  // seldom is one longer; RFC 5322 sets no limit

FetchItem item_of(FetchItem::Kind kind, std::string_view label) {
  return {.kind = kind, .label = std::string(label), .section = {}, .partial = {}};
}

}  // namespace

FetchPlan::FetchPlan(FetchRequest request, FetchClient client)
    : items_(std::move(request.items)), changed_since_(request.changed_since) {
  using Kind = FetchItem::Kind;
  if (client.asks_by_uid) demand(Kind::uid, "UID");    // RFC 3501 §6.4.8
  if (changed_since_) demand(Kind::modseq, "MODSEQ");  // RFC 7162 §3.1.4.1
  for (const FetchItem& item : items_) look_at(item, client.may_set_seen);
  // RFC 3501 §6.4.5: flags that our reading changes are told along. Whoever is told of changed
  // flags hears their mod-sequence and UID with them (RFC 7162 §3.1, §3.2.4).
  if (client.speaks_qresync) tell_along(Kind::uid, "UID");
  tell_along(Kind::flags, "FLAGS");
  if (client.speaks_condstore) tell_along(Kind::modseq, "MODSEQ");
}

bool FetchPlan::asks_for(FetchItem::Kind kind) const {
  return std::ranges::find(items_, kind, &FetchItem::kind) != items_.end();
}

/// Adds an item that the client did not name itself.
void FetchPlan::demand(FetchItem::Kind kind, std::string_view label) {
  if (!asks_for(kind)) items_.insert(items_.begin(), item_of(kind, label));
}

/// The same for the messages alone that become \Seen.
void FetchPlan::tell_along(FetchItem::Kind kind, std::string_view label) {
  if (sets_seen_ && !asks_for(kind)) told_with_seen_.push_back(item_of(kind, label));
}

void FetchPlan::look_at(const FetchItem& item, bool may_set_seen) {
  using Kind = FetchItem::Kind;
  metadata_.envelope |= item.kind == Kind::envelope;
  metadata_.body_structure |= item.kind == Kind::body_structure;
  metadata_.body |= item.kind == Kind::body;
  if (item.kind != Kind::section) return;
  const bool is_of_part = !item.section.part.empty();
  const bool is_whole = !is_of_part && item.section.kind == Section::Kind::whole;
  reads_parts_ |= is_of_part;
  metadata_.header |= !is_of_part && !is_whole;
  sends_octets_ |= is_whole || (!is_of_part && item.section.kind == Section::Kind::text);
  sets_seen_ |= !item.peek && may_set_seen;
}

std::uint64_t FetchPlan::octets_in_batch(const mailbox::MessageEntry& entry) const {
  const std::uint64_t header = metadata_.header ? std::min(entry.size, usual_header) : 0;
  const bool is_whole = sends_octets_ && entry.size <= mailbox::small_message;
  return header + (is_whole ? entry.size : 0);
}

}  // namespace postern::imap
