// mailbox/imap/session/telling.cc: what a client is told that it did not ask for (RFC 3501 §7).
#include <fmt/format.h>

#include "mailbox/imap/grammar/flags.h"
#include "mailbox/imap/session/account_session.h"

namespace postern::imap {
namespace {

/// EXPUNGEs (RFC 3501 §7.4.1), or one VANISHED in their place (RFC 7162 §3.2.10).
std::string gone(const SessionView::Update& update, bool as_vanished) {
  std::string text;
  auto out = std::back_inserter(text);
  if (!as_vanished || update.vanished.empty()) {
    for (const std::uint32_t number : update.expunged)
      fmt::format_to(out, "* {} EXPUNGE\r\n", number);
    return text;
  }
  std::vector<std::uint32_t> uids;
  for (const mailbox::Uid uid : update.vanished) uids.push_back(static_cast<std::uint32_t>(uid));
  fmt::format_to(out, "* VANISHED {}\r\n", write_set(uids));
  return text;
}

}  // namespace

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
  std::string text = gone(update, speaks_qresync);
  auto out = std::back_inserter(text);
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

}  // namespace postern::imap
