// mailbox/imap/session/refusal.cc: a reply for each reason of the store.
#include "mailbox/imap/session/refusal.h"

namespace postern::imap {

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

Answer refusal_of_target(mailbox::StoreError error) {
  return error == mailbox::StoreError::no_such_folder ? Answer(reply::try_create) : refusal(error);
}

}  // namespace postern::imap
