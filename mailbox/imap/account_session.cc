// mailbox/imap/account_session.cc: the loop that obeys commands, and what the client is told of
// changes.
#include "mailbox/imap/account_session.h"

#include <fmt/format.h>

#include <algorithm>

#include "mailbox/imap/flags.h"

namespace postern::imap {
namespace {

constexpr int mistake_limit = 50;
constexpr std::chrono::seconds goodbye{5};

}  // namespace

AccountSession::AccountSession(net::Stream stream_now,
                               std::shared_ptr<mailbox::Mailbox> mailbox_now, Context context_now)
    : stream(std::move(stream_now)),
      reader(stream, command_limit, long_line_limit),
      mailbox(std::move(mailbox_now)),
      context(std::move(context_now)) {
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
  co_await stream.shutdown(goodbye);
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
  const Command* command = find_command(request.name);
  if (command == nullptr) co_return reply::unknown;
  if (state() < command->earliest) co_return reply::select_first;
  if (command->arguments == Arguments::none) {
    if (const auto nothing = parse_nothing(request.arguments); !nothing)
      co_return bad_syntax(nothing.error());
  }
  Answer answer = co_await command->handler(*this, std::move(request));
  co_await tell_changes(command->numbers == Numbers::unused);
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
  if (given.status == Status::bad && ++mistakes_ >= mistake_limit)
    close_with(bye::too_many_mistakes);
}

void AccountSession::close_with(std::string_view last_words) {
  is_closing = true;
  farewell = last_words;
}

Task<> AccountSession::write(std::string text) { co_await stream.write(text); }

Task<> AccountSession::tell_changes(bool may_expunge) {
  const std::string text = changes(may_expunge);
  if (!text.empty()) co_await stream.write(text);
}

std::string AccountSession::changes(bool may_expunge) {
  if (!selection || !selection->has_changed) return {};
  changed.reset();
  const auto update = selection->view.take(selection->folder->entries, may_expunge);
  if (may_expunge) selection->told_up_to = selection->folder->highest_modseq;
  // What was kept back is told at the next chance.
  selection->has_changed = !may_expunge;
  std::string text;
  auto out = std::back_inserter(text);
  if (speaks_qresync && !update.vanished.empty()) {
    std::vector<std::uint32_t> uids;
    for (const mailbox::Uid uid : update.vanished) uids.push_back(static_cast<std::uint32_t>(uid));
    fmt::format_to(out, "* VANISHED {}\r\n", write_set(uids));
  } else {
    for (const std::uint32_t number : update.expunged)
      fmt::format_to(out, "* {} EXPUNGE\r\n", number);
  }
  if (update.has_grown) {
    selection->has_news = true;
    fmt::format_to(out, "* {} EXISTS\r\n* {} RECENT\r\n", selection->view.size(),
                   selection->recent());
  }
  text += write_new_keywords();
  for (std::size_t i = 0; i < update.changed.size(); ++i) {
    fmt::format_to(out, "* {} FETCH ({})\r\n", update.changed[i], flag_items(update.flags[i]));
  }
  return text;
}

Task<> AccountSession::unselect() {
  if (!selection) co_return;
  const Selection left = std::move(*selection);
  selection.reset();
  changed.reset();
  // What arrived meanwhile was \Recent here, and is so in no later session.
  if (left.has_news && !left.is_read_only && !left.folder->gone)
    co_await mailbox->claim_recent(left.folder->id);
}

std::string AccountSession::write_new_keywords() {
  return keywords_told_ == mailbox->keywords_version() ? std::string() : write_keywords();
}

std::string AccountSession::write_keywords() {
  const auto& names = mailbox->keyword_names();
  keywords_told_ = mailbox->keywords_version();
  constexpr std::uint8_t all = mailbox::flag::all;
  const mailbox::KeywordBits bits = ~mailbox::KeywordBits{0};
  std::string permanent = write_flags(all, bits, names, false);
  permanent.insert(permanent.size() - 1, " \\*");  // a new keyword takes the place of an unused one
  if (selection && selection->is_read_only) permanent = "()";
  return fmt::format("* FLAGS {}\r\n* OK [PERMANENTFLAGS {}] Flags that can be kept\r\n",
                     write_flags(all, bits, names, false), permanent);
}

std::string AccountSession::flags_of(const mailbox::MessageEntry& message) const {
  const bool is_recent = message.uid >= selection->first_recent;
  return write_flags(message.system_flags, message.keywords, mailbox->keyword_names(), is_recent);
}

std::string AccountSession::flag_items(const mailbox::MessageEntry& message) const {
  std::string text =
      fmt::format("UID {} FLAGS {}", static_cast<std::uint32_t>(message.uid), flags_of(message));
  if (speaks_condstore) text += fmt::format(" MODSEQ ({})", message.modseq);
  return text;
}

std::optional<std::vector<std::uint32_t>> chosen(const AccountSession& session,
                                                 const SequenceSet& set, const Request& request) {
  const SessionView& view = session.selection->view;
  if (!is_by_uid(request) && !set.is_within(view.size())) return {};
  return view.resolve(set, is_by_uid(request));
}

std::vector<mailbox::Uid> uids_of(const AccountSession& session,
                                  const std::vector<std::uint32_t>& numbers) {
  std::vector<mailbox::Uid> uids;
  uids.reserve(numbers.size());
  for (const std::uint32_t number : numbers) uids.push_back(session.selection->view.uid(number));
  return uids;
}

}  // namespace postern::imap
