// mailbox/imap/account_session.h: the part of a conversation after login, on the account's own
// loop.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/async/sync.h"
#include "core/net/stream.h"
#include "mailbox/imap/command_reader.h"
#include "mailbox/imap/replies.h"
#include "mailbox/imap/requests.h"
#include "mailbox/imap/session.h"
#include "mailbox/imap/view.h"
#include "mailbox/store/hub.h"

namespace postern::imap {

/// The states after login (RFC 3501 §3).
enum class State : std::uint8_t { authenticated, selected };

/// Whether a command uses message numbers: then no EXPUNGE may be told at its end (RFC 3501
/// §7.4.1).
enum class Numbers : std::uint8_t { unused, used };

/// Whether anything may follow a command's name.
enum class Arguments : std::uint8_t { none, some };

/// A mailbox that is selected.
struct Selection {
  std::shared_ptr<mailbox::FolderIndex> folder;
  SessionView view;
  bool is_read_only = false;
  mailbox::Uid first_recent{};   // \Recent from here on
  bool has_changed = true;       // the folder, since the client was last told
  bool has_news = false;         // messages came while it was selected
  mailbox::ModSeq told_up_to{};  // all that happened up to it was told, also who vanished
  std::shared_ptr<void> watch;

  /// Whether the client still counts messages that are gone.
  bool withholds_expunges() const { return view.size() > folder->entries.size(); }
  std::size_t recent() const { return folder->count_from(first_recent); }
};

/// Everything the commands work on. Public data: the commands are free functions, one file per
/// family.
class AccountSession {
 public:
  AccountSession(net::Stream stream, std::shared_ptr<mailbox::Mailbox> mailbox, Context context);

  /// Commands from after the login until LOGOUT or the connection's end.
  Task<> serve();

  /// Ends the conversation after the present command.
  void close_with(std::string_view last_words);

  /// Queues text for the client; waits while too much of it is unsent.
  Task<> write(std::string text);

  /// Tells what happened to the selected mailbox since it was last told.
  Task<> tell_changes(bool may_expunge);
  /// The same as text; the client counts as told.
  std::string changes(bool may_expunge);

  /// Leaves the selected mailbox.
  Task<> unselect();

  /// "* FLAGS …" and PERMANENTFLAGS, when there are keywords that the client has not heard of.
  std::string write_new_keywords();
  std::string write_keywords();
  std::string flags_of(const mailbox::MessageEntry& message) const;
  /// "UID n FLAGS (…)" and MODSEQ when the client speaks CONDSTORE.
  std::string flag_items(const mailbox::MessageEntry& message) const;

  State state() const { return selection ? State::selected : State::authenticated; }
  bool may_go_on() const { return context.may_go_on(); }

  net::Stream stream;
  CommandReader reader;
  std::shared_ptr<mailbox::Mailbox> mailbox;
  Context context;
  std::optional<Selection> selection;
  Event changed;                  // something happened to the selected folder
  bool speaks_condstore = false;  // a CONDSTORE-enabling command was given (RFC 7162 §3.1)
  bool speaks_qresync = false;
  bool is_closing = false;
  std::string_view
      farewell;  // the BYE that is due before we close, if none was said (RFC 3501 §3.4)

 private:
  Task<> run();
  Task<Answer> obey(Request request);
  Task<Answer> with_safe_modseq(Answer answer);
  Task<> answer(std::string_view tag, const Answer& answer);

  std::uint64_t keywords_told_ = 0;  // Mailbox::keywords_version
  int mistakes_ = 0;
};

using Handler = Task<Answer> (*)(AccountSession& session, Request request);

struct Command {
  std::string_view name;
  State earliest;
  Numbers numbers;
  Arguments arguments;
  Handler handler;
};
const Command* find_command(std::string_view name);

/// The capabilities after login.
std::string capabilities(const Context& context);

/// What a refusal of the store becomes.
Answer refusal(mailbox::StoreError error);
inline Answer bad_syntax(const SyntaxError& error) { return reply::bad_syntax.about(error.text); }

// The handlers, by file.
Task<Answer> imap_capability(AccountSession&, Request);  // general.cc
Task<Answer> imap_noop(AccountSession&, Request);
Task<Answer> imap_logout(AccountSession&, Request);
Task<Answer> imap_id(AccountSession&, Request);
Task<Answer> imap_enable(AccountSession&, Request);
Task<Answer> imap_namespace(AccountSession&, Request);
Task<Answer> imap_already_logged_in(AccountSession&, Request);
Task<Answer> imap_get_quota(AccountSession&, Request);
Task<Answer> imap_get_quota_root(AccountSession&, Request);
Task<Answer> imap_set_quota(AccountSession&, Request);
Task<Answer> imap_select(AccountSession&, Request);  // select.cc
Task<Answer> imap_close(AccountSession&, Request);
Task<Answer> imap_unselect(AccountSession&, Request);
Task<Answer> imap_expunge(AccountSession&, Request);
Task<Answer> imap_create(AccountSession&, Request);  // folders.cc
Task<Answer> imap_delete(AccountSession&, Request);
Task<Answer> imap_rename(AccountSession&, Request);
Task<Answer> imap_subscribe(AccountSession&, Request);
Task<Answer> imap_status(AccountSession&, Request);
Task<Answer> imap_list(AccountSession&, Request);    // list.cc
Task<Answer> imap_append(AccountSession&, Request);  // append.cc
Task<Answer> imap_search(AccountSession&, Request);  // search_command.cc
Task<Answer> imap_fetch(AccountSession&, Request);   // fetch.cc
Task<Answer> imap_store(AccountSession&, Request);   // store.cc
Task<Answer> imap_copy(AccountSession&, Request);    // copy.cc, with MOVE
Task<Answer> imap_idle(AccountSession&, Request);    // idle.cc

/// "* STATUS …"; shared by STATUS and LIST.
Task<std::string> status_line(AccountSession& session, std::string mailbox,
                              std::vector<StatusItem> items);

/// "* VANISHED (EARLIER) …" of those `wanted` that went after `since`; "" when there are none.
Task<std::string> vanished_earlier(AccountSession& session, std::vector<Interval> wanted,
                                   mailbox::ModSeq since);  // resync.cc
/// What SELECT tells a client that was here before: who vanished, whose flags changed since.
Task<std::string> resynchronise(AccountSession& session, SelectRequest::Resync resync);

/// Which numbers a command means; none when one of them does not exist (RFC 3501 §9, seq-number).
std::optional<std::vector<std::uint32_t>> chosen(const AccountSession& session,
                                                 const SequenceSet& set, const Request& request);
std::vector<mailbox::Uid> uids_of(const AccountSession& session,
                                  const std::vector<std::uint32_t>& numbers);
inline bool is_by_uid(const Request& request) { return request.name.starts_with("UID "); }

}  // namespace postern::imap
