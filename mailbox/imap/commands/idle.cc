// mailbox/imap/commands/idle.cc: IDLE: changes are told as they happen, until DONE (RFC 2177).
#include "core/async/task_group.h"
#include "core/async/timer.h"
#include "mailbox/imap/commands/rows.h"
#include "mailbox/imap/grammar/cursor.h"
#include "mailbox/imap/session/account_session.h"

namespace postern::imap {
namespace {

constexpr std::size_t done_limit = 1024;

/// True when something changed, false when nothing did for a while.
Task<bool> wait_for_change(AccountSession& session) {
  try {
    co_await with_timeout(session.context.still_here, session.changed.wait());
  } catch (const Timeout&) {
    co_return false;
  }
  co_return true;
}

Task<> tell_changes_for_ever(AccountSession& session) {
  while (true) {
    const bool has_changed = co_await wait_for_change(session);
    session.changed.reset();
    if (!session.may_go_on()) {
      co_await session.stream.write(bye::login_ended);
      co_await session.stream.flush(session.context.command_timeout);
      session.stream.close();
      co_return;
    }
    if (has_changed) co_await session.tell_changes(true);
    // A sign of life keeps the paths between us open, and finds out who is gone.
    if (!has_changed) co_await session.stream.write("* OK Still here\r\n");
    co_await session.stream.flush(session.context.command_timeout);
  }
}

/// As long as the client listens; when it doesn't, whoever waits for its DONE ends, too.
Task<> tell_as_it_happens(AccountSession& session) {
  try {
    co_await tell_changes_for_ever(session);
  } catch (const IoError&) {
    session.stream.close();
  }
}

// "+" when the client may stop listening for an answer, DONE ends it (RFC 2177 §3). An expunge may
// be told at any moment: no command is on its way.
Task<Answer> imap_idle(AccountSession& session, Request) {
  co_await session.tell_changes(true);
  co_await session.write("+ idling\r\n");
  co_await session.stream.flush(session.context.command_timeout);

  TaskGroup teller;
  teller.spawn(tell_as_it_happens(session));
  std::exception_ptr trouble;
  bool is_done = false;
  try {
    const net::Stream::Line line =
        co_await session.stream.read_line(done_limit, session.context.idle_timeout);
    is_done = !line.too_long && to_upper(line.text) == "DONE";
  } catch (...) {
    trouble = std::current_exception();
  }
  co_await teller.close();
  if (trouble) std::rethrow_exception(trouble);
  co_return is_done ? reply::done : reply::expected_done;
}

}  // namespace

namespace row {

// clang-format off
//                           name    UID form        where legal          numbers          arguments        obeyed by capability
constinit const Command idle{"IDLE", Variant::plain, States::after_login, Numbers::unused, Arguments::none, imap_idle, {.words = "IDLE", .told = Told::always}};
// clang-format on

}  // namespace row

}  // namespace postern::imap
