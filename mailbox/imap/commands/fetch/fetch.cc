// mailbox/imap/commands/fetch/fetch.cc: FETCH and UID FETCH (RFC 3501 §6.4.5, §6.4.8; RFC 7162
// §3.1.4, §3.2.6).
#include <algorithm>
#include <utility>

#include "core/async/task_group.h"
#include "mailbox/imap/commands/fetch/answers.h"
#include "mailbox/imap/commands/fetch/batches.h"
#include "mailbox/imap/commands/fetch/plan.h"
#include "mailbox/imap/commands/fetch/request.h"
#include "mailbox/imap/commands/resync.h"
#include "mailbox/imap/commands/rows.h"
#include "mailbox/imap/session/account_session.h"
#include "mailbox/imap/session/refusal.h"

namespace postern::imap {
namespace {

FetchClient client_of(const AccountSession& session, bool by_uid) {
  return {.asks_by_uid = by_uid,
          .may_set_seen = !session.selection->is_read_only,
          .speaks_condstore = session.speaks_condstore,
          .speaks_qresync = session.speaks_qresync};
}

/// Asking for mod-sequences enables CONDSTORE (RFC 7162 §3.1).
bool asks_for_modseq(const FetchRequest& fetch) {
  return fetch.changed_since || std::ranges::find(fetch.items, FetchItem::Kind::modseq,
                                                  &FetchItem::kind) != fetch.items.end();
}

/// Writes batches while the next are read.
Task<> write_as_read(FetchBatches& batches, FetchAnswers& answers,
                     std::vector<std::uint32_t> numbers) {
  Channel<FetchBatch> channel(1);
  TaskGroup reading;
  reading.spawn(batches.read(std::move(numbers), channel));
  std::exception_ptr failure;
  try {
    while (const std::optional<FetchBatch> batch = co_await channel.receive())
      co_await answers.write(*batch);
    co_await answers.flush();
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure) reading.cancel();
  channel.close();
  co_await reading.join();
  if (failure) std::rethrow_exception(failure);
}

/// False when some messages were gone.
Task<bool> run(AccountSession& session, const FetchPlan& plan, std::vector<std::uint32_t> numbers) {
  FetchBatches batches(*session.mailbox, session.selection->folder, session.selection->view, plan);
  FetchAnswers answers(session, plan);
  if (plan.reads_store()) {
    co_await write_as_read(batches, answers, std::move(numbers));
  } else {
    const FetchBatch all = batches.without_reading(numbers);
    co_await answers.write(all);
    co_await answers.flush();
  }
  co_return !batches.missed_some() && !answers.missed_some();
}

Task<Answer> imap_fetch(AccountSession& session, Request request) {
  auto fetch = FetchRequest::parse(request.arguments);
  if (!fetch) co_return bad_syntax(fetch.error());
  const bool by_uid = request.is_by_uid();
  if (fetch->vanished && !(session.speaks_qresync && by_uid))  // RFC 7162 §3.2.6
    co_return reply::bad_syntax.about("VANISHED needs UID FETCH and QRESYNC");
  auto numbers = session.selection->chosen(fetch->set, by_uid);
  if (!numbers) co_return reply::no_such_number;
  if (fetch->vanished) {
    const std::string gone =
        co_await vanished_earlier(session, fetch->set.resolve(UINT32_MAX), *fetch->changed_since);
    co_await session.write(gone);
  }
  session.speaks_condstore |= asks_for_modseq(*fetch);
  const FetchPlan plan(std::move(*fetch), client_of(session, by_uid));
  const bool found_all = co_await run(session, plan, std::move(*numbers));
  if (!found_all && !by_uid) co_return reply::expunge_issued;  // RFC 2180 §4.1.2; RFC 5530
  co_return reply::done;
}

}  // namespace

namespace row {

// clang-format off
//                            name     UID form           where legal       numbers        arguments        obeyed by
constinit const Command fetch{"FETCH", Variant::with_uid, States::selected, Numbers::used, Arguments::some, imap_fetch};
// clang-format on

}  // namespace row

}  // namespace postern::imap
