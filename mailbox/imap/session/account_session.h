// mailbox/imap/session/account_session.h: the part of a conversation after login, on the account's
// own loop.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/async/sync.h"
#include "core/net/stream.h"
#include "mailbox/imap/session/command.h"
#include "mailbox/imap/session/command_reader.h"
#include "mailbox/imap/session/replies.h"
#include "mailbox/imap/session/selection.h"
#include "mailbox/store/mailbox.h"

namespace postern::imap {

/// Authenticated and selected state (RFC 3501 §3.2, §3.3), and everything the commands work on.
/// Public data: the commands are free functions, one file per command or family.
///
/// All of it runs on the loop that owns the account, so that the shared indexes may be read between
/// two awaits without a lock. One command is obeyed at a time; beside it runs nothing but IDLE's
/// teller. Commands throw what the stream and the store throw, and `serve` alone catches it.
class AccountSession {
 public:
  /// `stream` lives on the loop of `mailbox`. The table outlives the session.
  AccountSession(net::Stream stream, std::shared_ptr<mailbox::Mailbox> mailbox, Context context,
                 const CommandTable& commands);

  /// Commands from after the login until LOGOUT or the connection's end. Whoever is idle too long,
  /// here when the server stops, or on a disk in trouble, is told so by BYE (RFC 3501 §7.1.5); the
  /// client's leaving is no error. Throws nothing under IoError but a lost connection while it says
  /// its last words.
  Task<> serve();

  /// Ends the conversation after the present command, with this BYE; `last_words` are one of `bye`.
  void close_with(std::string_view last_words);

  /// Queues text for the client, whole lines; waits while too much of it is unsent. Timeout after
  /// `Context::command_timeout` without progress.
  Task<> write(std::string text);

  /// Tells what happened to the selected mailbox since it was last told (RFC 3501 §7.4.1; RFC 7162
  /// §3.2.10). Without `may_expunge` message numbers stay as they are, and who is gone is told at
  /// the next chance.
  Task<> tell_changes(bool may_expunge);
  /// The same as text; the client counts as told.
  std::string changes(bool may_expunge);

  /// Leaves the selected mailbox, if there is one. What arrived while it was selected is \Recent in
  /// no later session.
  Task<> unselect();

  /// "* FLAGS …" and PERMANENTFLAGS, when there are keywords that the client has not heard of.
  std::string write_new_keywords();
  /// The same in any case (RFC 3501 §7.2.6).
  std::string write_keywords();
  /// "(\Seen …)" of a message of the selected mailbox.
  std::string flags_of(const mailbox::MessageEntry& message) const;
  /// "UID n FLAGS (…)" and MODSEQ when the client speaks CONDSTORE: what an untagged FETCH says
  /// that nobody asked for (RFC 7162 §3.2.4).
  std::string flag_items(const mailbox::MessageEntry& message) const;

  /// False when the login is good no more: asked before each command and each answer in IDLE.
  bool may_go_on() const { return context.may_go_on(); }

  net::Stream stream;
  CommandReader reader;
  std::shared_ptr<mailbox::Mailbox> mailbox;  // never null; keeps the account open
  Context context;
  const CommandTable& commands;
  std::optional<Selection> selection;  // none: authenticated state
  Event changed;                       // something happened to the selected folder
  bool speaks_condstore = false;       // a CONDSTORE-enabling command was given (RFC 7162 §3.1)
  bool speaks_qresync = false;         // ENABLE QRESYNC was (RFC 7162 §3.2.3)
  bool is_closing = false;
  std::string_view
      farewell;  // the BYE that is due before we close, if none was said (RFC 3501 §3.4)

 private:
  Task<> run();
  Task<Answer> obey(Request request);
  Task<Answer> with_safe_modseq(Answer answer);
  Task<> answer(std::string_view tag, const Answer& answer);

  std::uint64_t keywords_told_ = 0;  // Mailbox::keywords_version
  int mistakes_ = 0;                 // without a success between
};

}  // namespace postern::imap
