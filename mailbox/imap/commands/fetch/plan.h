// mailbox/imap/commands/fetch/plan.h: what a FETCH has to read and to tell, known before the first
// message is. Pure.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "mailbox/imap/commands/fetch/request.h"
#include "mailbox/store/types.h"

namespace postern::imap {

/// Whom the answers are for.
struct FetchClient {
  bool asks_by_uid = false;
  bool may_set_seen = false;  // the mailbox is not open read-only
  bool speaks_condstore = false, speaks_qresync = false;
};

class FetchPlan {
 public:
  FetchPlan(FetchRequest request, FetchClient client);

  /// Of each answer, in this order: what was asked for, behind what it must have besides.
  const std::vector<FetchItem>& items() const { return items_; }
  /// Of those messages alone that become \Seen by this FETCH.
  const std::vector<FetchItem>& told_with_seen() const { return told_with_seen_; }

  /// Whether the client wants it (CHANGEDSINCE: RFC 7162 §3.1.4.1).
  bool wants(const mailbox::MessageEntry& entry) const {
    return !changed_since_ || entry.modseq > *changed_since_;
  }

  /// False when the index knows all that is asked for.
  bool reads_store() const { return reads_metadata() || sends_octets_ || sets_seen_; }
  bool reads_metadata() const {
    return metadata_.header || metadata_.envelope || metadata_.body_structure || metadata_.body;
  }
  mailbox::MetadataWanted metadata() const { return metadata_; }
  bool reads_parts() const { return reads_parts_; }    // sections of a part: BODY[1.2]
  bool sends_octets() const { return sends_octets_; }  // of the message itself: BODY[], BODY[TEXT]
  bool sets_seen() const { return sets_seen_; }

  /// About how many octets of a message are read along with its batch.
  std::uint64_t octets_in_batch(const mailbox::MessageEntry& entry) const;

 private:
  bool asks_for(FetchItem::Kind kind) const;
  void demand(FetchItem::Kind kind, std::string_view label);
  void tell_along(FetchItem::Kind kind, std::string_view label);
  void look_at(const FetchItem& item, bool may_set_seen);

  std::vector<FetchItem> items_;
  std::vector<FetchItem> told_with_seen_;
  std::optional<mailbox::ModSeq> changed_since_;
  mailbox::MetadataWanted metadata_;
  bool sets_seen_ = false;
  bool reads_parts_ = false;
  bool sends_octets_ = false;
};

}  // namespace postern::imap
