// relay/smtp/outcomes.cc: from the reason of a refusal to the reply.
#include "relay/smtp/outcomes.h"

#include <algorithm>

#include "core/assert.h"
#include "relay/smtp/replies.h"

namespace postern::smtp {
namespace {

using relay::Reason;

/// What fills the blank of the reply.
enum class Blank { none, address, words };

struct Row {
  Reason why;
  const Reply& reply;
  Blank blank = Blank::none;
};

// clang-format off
constexpr std::array rows{
    Row{Reason::queue_away,    reply::queue_away},
    Row{Reason::store_away,    reply::store_away},
    Row{Reason::accounts_away, reply::accounts_away},
    Row{Reason::queue_full,    reply::queue_full},
    Row{Reason::mailbox_full,  reply::mailbox_full, Blank::address},
    Row{Reason::no_relay,      reply::no_relay,     Blank::address},
    Row{Reason::not_local,     reply::not_local,    Blank::address},
    Row{Reason::no_mailbox,    reply::no_mailbox,   Blank::address},
    Row{Reason::by_rule,       reply::by_rule,      Blank::words},
    Row{Reason::identity,      reply::identity,     Blank::words},
    Row{Reason::bad_message,   reply::bad_message,  Blank::words},
    Row{Reason::loop_detected, reply::loop_detected},
    Row{Reason::key_reused,    reply::key_reused},
};
// clang-format on
static_assert(std::ranges::equal(rows, relay::all_reasons, {}, &Row::why));

}  // namespace

Answer answer_to(const relay::Refused& refused) {
  const Row& row = rows.at(static_cast<std::size_t>(refused.why));
  Answer answer = row.blank == Blank::none      ? Answer(row.reply)
                  : row.blank == Blank::address ? row.reply.with(refused.address)
                                                : row.reply.with(refused.words);
  answer.status = refused.status.text();
  return answer;
}

Answer answer_to(const relay::Acceptance& acceptance) {
  if (!acceptance) return answer_to(acceptance.error());
  if (acceptance->delivered_to) return reply::delivered.with(acceptance->delivered_to->text());
  return reply::queued.with(queue::text(acceptance->id));
}

}  // namespace postern::smtp
