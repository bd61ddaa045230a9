// mailbox/imap/session/account_session.cc: the loop that reads commands and obeys them.
#include "mailbox/imap/session/account_session.h"

#include <fmt/format.h>

#include "mailbox/imap/grammar/arguments.h"
#include "mailbox/imap/session/refusal.h"

namespace postern::imap {
namespace {

constexpr int most_mistakes = 50;
constexpr std::chrono::seconds last_flush{5};

}  // namespace

AccountSession::AccountSession(net::Stream stream_now,
                               std::shared_ptr<mailbox::Mailbox> mailbox_now, Context context_now,
                               const CommandTable& commands_now)
    : stream(std::move(stream_now)),
      reader(stream, command_limit, long_line_limit),
      mailbox(std::move(mailbox_now)),
      context(std::move(context_now)),
      commands(commands_now) {
  stream.set_write_timeout(context.command_timeout);
}

Task<> AccountSession::serve() {
  std::string_view last_words;
  try {
    co_await run();
  } catch (const ConnectionClosed&) {
    co_return;
  } catch (const Timeout&) {
    last_words = bye::idle;
  } catch (const Cancelled&) {
    last_words = bye::shutting_down;
  } catch (const IoError&) {  // the disk is in trouble
    last_words = bye::unavailable;
  }
  if (!last_words.empty()) co_await stream.write(last_words);
  co_await stream.shutdown(last_flush);
}

Task<> AccountSession::run() {
  while (!is_closing) {
    Input input = co_await reader.next(context.idle_timeout, context.command_timeout, true);
    if (!may_go_on()) {
      co_await stream.write(bye::login_ended);
      co_return;
    }
    if (input.must_close) {
      co_await stream.write(bye::too_large);
      co_return;
    }
    auto request = parse_request(input.text);
    if (!request || input.is_too_long) {
      const std::string tag = request ? request->tag : request.error().tag;
      co_await answer(tag, input.is_too_long ? Answer(reply::too_long)
                                             : Answer{Status::bad, "", request.error().text});
      continue;
    }
    request->message = input.message;
    const std::string tag = request->tag;
    const Answer given = co_await obey(std::move(*request));
    co_await answer(tag, given);
  }
  co_await stream.write(farewell);
}

Task<Answer> AccountSession::obey(Request request) {
  const Command* const command = commands.find(request.name);
  if (command == nullptr) co_return reply::unknown;
  if (command->states == States::selected && !selection) co_return reply::select_first;
  const bool by_uid = request.is_by_uid();
  if (!command->takes_arguments(by_uid)) {
    if (const auto nothing = parse_nothing(request.arguments); !nothing)
      co_return bad_syntax(nothing.error());
  }
  Answer answer = co_await command->handler(*this, std::move(request));
  // No EXPUNGE while message numbers are in use (RFC 3501 §7.4.1).
  co_await tell_changes(!command->uses_numbers(by_uid));
  co_return co_await with_safe_modseq(std::move(answer));
}

// While expunges are kept back, the client hears of higher mod-sequences than theirs. If it comes
// back with one of these, it never learns who vanished: it has to be told where to begin
// (RFC 7162 §3.2).
Task<Answer> AccountSession::with_safe_modseq(Answer answer) {
  if (!speaks_qresync || !selection || !selection->withholds_expunges()) co_return answer;
  std::string code = fmt::format("HIGHESTMODSEQ {}", selection->told_up_to);
  if (answer.status == Status::ok && answer.code.empty()) {
    answer.code = std::move(code);
  } else {
    co_await write(fmt::format("* OK [{}] Some messages are gone\r\n", code));
  }
  co_return answer;
}

Task<> AccountSession::answer(std::string_view tag, const Answer& given) {
  co_await write(given.line(tag));
  if (given.status == Status::ok) mistakes_ = 0;
  if (given.status == Status::bad && ++mistakes_ >= most_mistakes)
    close_with(bye::too_many_mistakes);
}

void AccountSession::close_with(std::string_view last_words) {
  is_closing = true;
  farewell = last_words;
}

Task<> AccountSession::unselect() {
  if (!selection) co_return;
  const Selection left = std::move(*selection);
  selection.reset();
  changed.reset();
  // What arrived meanwhile was \Recent here, and is so in no later session.
  if (left.has_news && !left.is_read_only && !left.folder->gone)
    co_await mailbox->write(&mailbox::MailboxStore::claim_recent, left.folder->id);
}

}  // namespace postern::imap
