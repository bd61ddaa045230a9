// mailbox/imap/commands/rows.h: every row of the table of commands. Each is written in the file of
// its command; table.cc puts them in order.
#pragma once

#include "mailbox/imap/session/command.h"

namespace postern::imap::row {

extern const Command capability, noop, check, logout, id, enable, name_space;  // general.cc
extern const Command login, authenticate, starttls;                            // login.cc
extern const Command idle;                                                     // idle.cc
extern const Command select, examine, close, unselect;                         // select.cc
extern const Command expunge;                                                  // expunge.cc
extern const Command copy, move;                                               // copy.cc
extern const Command create, remove, rename, subscribe, unsubscribe;           // folders.cc
extern const Command status;                                                   // status.cc
extern const Command list, lsub;                                               // list.cc
extern const Command append;                                                   // append.cc
extern const Command get_quota, get_quota_root, set_quota;                     // quota.cc
extern const Command search;                                                   // search/search.cc
extern const Command fetch;                                                    // fetch/fetch.cc
extern const Command store;                                                    // store.cc

// Capabilities that are no command.
extern const Capability attributes;    // of LIST's answers: list.cc
extern const Capability append_limit;  // append.cc

}  // namespace postern::imap::row
