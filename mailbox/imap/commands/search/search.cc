// mailbox/imap/commands/search/search.cc: SEARCH and UID SEARCH, answered as SEARCH or ESEARCH (RFC
// 3501 §6.4.4; RFC 4731, 7162).
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "core/async/loop.h"
#include "mailbox/imap/commands/rows.h"
#include "mailbox/imap/commands/search/evaluation.h"
#include "mailbox/imap/grammar/writer.h"
#include "mailbox/imap/session/account_session.h"
#include "mailbox/imap/session/refusal.h"

namespace postern::imap {
namespace {

/// The messages that both the client and the folder know.
std::vector<SearchEntry> snapshot(const Selection& selection) {
  std::vector<SearchEntry> entries;
  entries.reserve(selection.view.size());
  const auto& messages = selection.folder->entries;
  auto message = messages.begin();
  for (std::uint32_t number = 1; number <= selection.view.size(); ++number) {
    const mailbox::Uid uid = selection.view.uid(number);
    while (message != messages.end() && message->uid < uid) ++message;
    if (message == messages.end()) break;
    if (message->uid == uid) entries.push_back({number, uid >= selection.first_recent, *message});
  }
  return entries;
}

struct Found {
  std::vector<std::uint32_t> numbers;    // or uids, ascending
  std::vector<mailbox::ModSeq> modseqs;  // of these

  mailbox::ModSeq highest_modseq() const { return std::ranges::max(modseqs); }
};

/// Of the messages that the answer names: of all, unless the client asks for MIN or MAX alone
/// (RFC 4731 §3.2; RFC 7162 §3.1.10).
mailbox::ModSeq told_modseq(const Found& found, const SearchRequest& search) {
  const bool names_ends = search.minimum || search.maximum;
  if (search.all || search.count || !names_ends) return found.highest_modseq();
  return std::max(search.minimum ? found.modseqs.front() : 0,
                  search.maximum ? found.modseqs.back() : 0);
}

std::string write_search(const Found& found, bool with_modseq) {
  std::string text = "* SEARCH";
  for (const std::uint32_t number : found.numbers) {
    text += ' ';
    write_number(text, number);
  }
  if (with_modseq && !found.numbers.empty())
    text += fmt::format(" (MODSEQ {})", found.highest_modseq());
  return text + "\r\n";
}

std::string write_esearch(const Found& found, const SearchRequest& search, const Request& request,
                          bool with_modseq) {
  std::string text = "* ESEARCH (TAG ";
  write_string(text, request.tag);
  text += ')';
  if (request.is_by_uid()) text += " UID";
  if (!found.numbers
           .empty()) {  // MIN, MAX and ALL are left out when there is nothing: RFC 4731 §3.1
    if (search.minimum) text += fmt::format(" MIN {}", found.numbers.front());
    if (search.maximum) text += fmt::format(" MAX {}", found.numbers.back());
    if (search.all) text += fmt::format(" ALL {}", write_set(found.numbers));
  }
  if (search.count) text += fmt::format(" COUNT {}", found.numbers.size());
  if (with_modseq && !found.numbers.empty())
    text += fmt::format(" MODSEQ {}", told_modseq(found, search));
  return text + "\r\n";
}

mailbox::Seconds now() {
  return std::chrono::floor<std::chrono::seconds>(Loop::current().wall_now())
      .time_since_epoch()
      .count();
}

Found found_in(const std::vector<SearchEntry>& entries, const std::vector<std::uint32_t>& matching,
               bool by_uid) {
  Found found;
  found.numbers.reserve(matching.size());
  found.modseqs.reserve(matching.size());
  for (const std::uint32_t index : matching) {
    const SearchEntry& entry = entries[index];
    found.numbers.push_back(by_uid ? static_cast<std::uint32_t>(entry.message.uid) : entry.number);
    found.modseqs.push_back(entry.message.modseq);
  }
  return found;
}

Answer refusal_of_search(const SearchError& error) {
  if (error.kind == SearchError::Kind::unknown_charset) return reply::bad_charset;
  return bad_syntax(error.error);
}

Task<Answer> imap_search(AccountSession& session, Request request) {
  auto search = SearchRequest::parse(request.arguments);
  if (!search) co_return refusal_of_search(search.error());
  const bool with_modseq = search->key.mentions_modseq();
  session.speaks_condstore |= with_modseq;  // RFC 7162 §3.1
  search->key.resolve(session.selection->view.size(), session.selection->view.largest_uid());

  const auto folder = session.selection->folder;
  const auto entries = snapshot(*session.selection);
  const auto matching = co_await imap::search(*session.context.pool, *session.mailbox, folder,
                                              entries, search->key, SearchTime{now()});
  const Found found = found_in(entries, matching, request.is_by_uid());
  co_await session.write(search->extended ? write_esearch(found, *search, request, with_modseq)
                                          : write_search(found, with_modseq));
  co_return reply::done;
}

}  // namespace

namespace row {

// clang-format off
//                             name      UID form           where legal       numbers        arguments        obeyed by   capability
constinit const Command search{"SEARCH", Variant::with_uid, States::selected, Numbers::used, Arguments::some, imap_search, {.words = "ESEARCH WITHIN"}};
// clang-format on

}  // namespace row

}  // namespace postern::imap
