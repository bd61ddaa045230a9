// mailbox/imap/commands.cc: every IMAP command after login.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "mailbox/imap/account_session.h"

namespace postern::imap {
namespace {

// clang-format off
constexpr std::array commands{
    //      name             earliest              message numbers  arguments        handler
    Command{"CAPABILITY",    State::authenticated, Numbers::unused, Arguments::none, imap_capability},     // general.cc
    Command{"NOOP",          State::authenticated, Numbers::unused, Arguments::none, imap_noop},
    Command{"CHECK",         State::selected,      Numbers::unused, Arguments::none, imap_noop},
    Command{"LOGOUT",        State::authenticated, Numbers::used,   Arguments::none, imap_logout},
    Command{"ID",            State::authenticated, Numbers::unused, Arguments::some, imap_id},
    Command{"ENABLE",        State::authenticated, Numbers::unused, Arguments::some, imap_enable},
    Command{"NAMESPACE",     State::authenticated, Numbers::unused, Arguments::none, imap_namespace},
    Command{"LOGIN",         State::authenticated, Numbers::unused, Arguments::some, imap_already_logged_in},
    Command{"AUTHENTICATE",  State::authenticated, Numbers::unused, Arguments::some, imap_already_logged_in},
    Command{"STARTTLS",      State::authenticated, Numbers::unused, Arguments::some, imap_already_logged_in},
    Command{"GETQUOTA",      State::authenticated, Numbers::unused, Arguments::some, imap_get_quota},
    Command{"GETQUOTAROOT",  State::authenticated, Numbers::unused, Arguments::some, imap_get_quota_root},
    Command{"SETQUOTA",      State::authenticated, Numbers::unused, Arguments::some, imap_set_quota},
    Command{"SELECT",        State::authenticated, Numbers::unused, Arguments::some, imap_select},         // select.cc
    Command{"EXAMINE",       State::authenticated, Numbers::unused, Arguments::some, imap_select},
    Command{"CLOSE",         State::selected,      Numbers::unused, Arguments::none, imap_close},
    Command{"UNSELECT",      State::selected,      Numbers::unused, Arguments::none, imap_unselect},
    Command{"EXPUNGE",       State::selected,      Numbers::unused, Arguments::none, imap_expunge},
    Command{"UID EXPUNGE",   State::selected,      Numbers::unused, Arguments::some, imap_expunge},
    Command{"CREATE",        State::authenticated, Numbers::unused, Arguments::some, imap_create},         // folders.cc
    Command{"DELETE",        State::authenticated, Numbers::unused, Arguments::some, imap_delete},
    Command{"RENAME",        State::authenticated, Numbers::unused, Arguments::some, imap_rename},
    Command{"SUBSCRIBE",     State::authenticated, Numbers::unused, Arguments::some, imap_subscribe},
    Command{"UNSUBSCRIBE",   State::authenticated, Numbers::unused, Arguments::some, imap_subscribe},
    Command{"STATUS",        State::authenticated, Numbers::unused, Arguments::some, imap_status},
    Command{"LIST",          State::authenticated, Numbers::unused, Arguments::some, imap_list},           // list.cc
    Command{"LSUB",          State::authenticated, Numbers::unused, Arguments::some, imap_list},
    Command{"APPEND",        State::authenticated, Numbers::unused, Arguments::some, imap_append},         // append.cc
    Command{"SEARCH",        State::selected,      Numbers::used,   Arguments::some, imap_search},         // search_command.cc
    Command{"UID SEARCH",    State::selected,      Numbers::unused, Arguments::some, imap_search},
    Command{"FETCH",         State::selected,      Numbers::used,   Arguments::some, imap_fetch},          // fetch.cc
    Command{"UID FETCH",     State::selected,      Numbers::unused, Arguments::some, imap_fetch},
    Command{"STORE",         State::selected,      Numbers::used,   Arguments::some, imap_store},          // store.cc
    Command{"UID STORE",     State::selected,      Numbers::unused, Arguments::some, imap_store},
    Command{"COPY",          State::selected,      Numbers::unused, Arguments::some, imap_copy},           // copy.cc
    Command{"UID COPY",      State::selected,      Numbers::unused, Arguments::some, imap_copy},
    Command{"MOVE",          State::selected,      Numbers::unused, Arguments::some, imap_copy},
    Command{"UID MOVE",      State::selected,      Numbers::unused, Arguments::some, imap_copy},
    Command{"IDLE",          State::authenticated, Numbers::unused, Arguments::none, imap_idle},           // idle.cc
};
// clang-format on

}  // namespace

const Command* find_command(std::string_view name) {
  const auto* found = std::ranges::find(commands, name, &Command::name);
  return found == commands.end() ? nullptr : found;
}

std::string capabilities(const Context& context) {
  return fmt::format(
      "IMAP4rev1 LITERAL+ SASL-IR ID ENABLE IDLE NAMESPACE UIDPLUS MOVE UNSELECT CHILDREN "
      "SPECIAL-USE CREATE-SPECIAL-USE "
      "LIST-EXTENDED LIST-STATUS STATUS=SIZE CONDSTORE QRESYNC ESEARCH WITHIN MULTIAPPEND QUOTA "
      "QUOTA=RES-STORAGE APPENDLIMIT={}",
      context.message_size);
}

Answer refusal(mailbox::StoreError error) {
  using mailbox::StoreError;
  switch (error) {
    case StoreError::no_such_folder:
      return reply::no_mailbox;
    case StoreError::folder_exists:
      return reply::mailbox_exists;
    case StoreError::bad_name:
      return reply::bad_name;
    case StoreError::over_quota:
      return reply::over_quota;
    case StoreError::too_many:
      return reply::limit_reached;
    case StoreError::too_many_keywords:
      return reply::keyword_limit;
    case StoreError::bad_keyword:
      return reply::bad_keyword;
    case StoreError::not_allowed:
      break;
  }
  return reply::not_allowed;
}

}  // namespace postern::imap
