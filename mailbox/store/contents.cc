// mailbox/store/contents.cc: the octets of messages as they come, SEARCH, and what is put off.
#include <algorithm>
#include <chrono>

#include "core/mail/headers.h"
#include "mailbox/store/search_text.h"
#include "mailbox/store/store.h"
#include "mailbox/store/store_inner.h"

namespace postern::mailbox {

namespace {

constexpr std::size_t indexed_text_limit = 1024 * 1024;  // past it, a message is scanned instead
constexpr std::chrono::milliseconds maintenance_slice{40};

enum class Indexed : std::int64_t { no = 0, all = 1, beginning = 2 };

/// The day that the Date field names, in the sender's own zone (RFC 3501 §6.4.4, SENTBEFORE).
Seconds sent_date_of(const mail::HeaderBlock& header, Seconds internal_date) {
  const std::optional<std::string> field = header.value("Date");
  if (!field) return internal_date;
  const std::optional<mail::DateTime> date = mail::parse_date(*field);
  if (!date) return internal_date;
  const auto local = date->time + date->zone;
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::floor<std::chrono::days>(local).time_since_epoch())
      .count();
}

/// What the trigram index holds of a message, and whether that is all. Equal whenever it is asked.
std::pair<std::string, Indexed> indexed_text(std::string_view message) {
  SearchText text = search_text(message);
  std::string whole = std::move(text.header);
  whole += '\n';
  whole += text.body;
  if (whole.size() <= indexed_text_limit) return {std::move(whole), Indexed::all};
  whole.resize(indexed_text_limit);
  return {std::move(whole), Indexed::beginning};
}

}  // namespace

// Octets -----------------------------------------------------------------------------------------

std::int64_t MailboxStore::Inner::store_content(std::string_view message, Seconds internal_date,
                                                Seconds& sent_date) {
  const mail::HeaderBlock header = mail::HeaderBlock::parse(message);
  sent_date = sent_date_of(header, internal_date);
  const Summary summary = indexer(message);
  database.run("INSERT INTO contents (size) VALUES (?)", message.size());
  const std::int64_t id = database.last_id();
  database.run("INSERT INTO summaries VALUES (?, ?, ?, ?, ?)", id, Blob{summary.envelope},
               Blob{summary.body_structure}, Blob{summary.body}, Blob{header.text()});
  std::int64_t number = id * chunks_per_content;
  for (std::size_t at = 0; at < message.size(); at += chunk_size) {
    database.run("INSERT INTO chunks VALUES (?, ?)", number++,
                 Blob{message.substr(at, chunk_size)});
  }
  return id;
}

// Search -----------------------------------------------------------------------------------------

std::optional<std::vector<std::int64_t>> MailboxStore::probable_contents(std::string_view needle) {
  const std::string query = trigram_query(needle);
  if (query.empty()) return std::nullopt;
  std::vector<std::int64_t> contents;
  {
    auto rows = inner_->database.query("SELECT rowid FROM texts WHERE texts MATCH ?",
                                       std::string_view(query));
    while (rows.next()) contents.push_back(rows.integer());
  }
  auto rows = inner_->database.query("SELECT id FROM contents WHERE indexed <> 1");
  while (rows.next()) contents.push_back(rows.integer());
  std::ranges::sort(contents);
  const auto repeated = std::ranges::unique(contents);
  contents.erase(repeated.begin(), repeated.end());
  return contents;
}

bool MailboxStore::matches_text(std::int64_t content, SearchScope scope, std::string_view needle) {
  if (scope == SearchScope::header) {
    auto rows = inner_->database.query("SELECT header FROM summaries WHERE id = ?", content);
    return rows.next() && search_header_text(rows.bytes()).find(needle) != std::string::npos;
  }
  const std::string message = inner_->load_content(content, 0, ~std::uint64_t{0});
  const SearchText text = search_text(message);
  if (text.body.find(needle) != std::string::npos) return true;
  return scope == SearchScope::text && text.header.find(needle) != std::string::npos;
}

bool MailboxStore::matches_header(std::int64_t content, std::string_view field,
                                  std::string_view needle) {
  auto rows = inner_->database.query("SELECT header FROM summaries WHERE id = ?", content);
  if (!rows.next()) return false;
  const mail::HeaderBlock header = mail::HeaderBlock::parse(rows.bytes());
  return std::ranges::any_of(header.fields(), [&](const mail::HeaderField& one) {
    return one.is(field) &&
           (needle.empty() ||
            fold_case(mail::decode_words(one.unfolded())).find(needle) != std::string::npos);
  });
}

// What was put off -------------------------------------------------------------------------------

bool MailboxStore::maintain() {
  const auto end = std::chrono::steady_clock::now() + maintenance_slice;
  return inner_->atomically([&] {
    Sqlite& database = inner_->database;
    if (inner_->expunged_since_look > expunged_kept) inner_->forget_expunged(expunged_kept);
    while (std::chrono::steady_clock::now() < end) {
      if (const auto dead = database.integer("SELECT id FROM contents WHERE refs = 0 LIMIT 1")) {
        const auto indexed = database.integer("SELECT indexed FROM contents WHERE id = ?", *dead);
        if (indexed.value_or(0) != 0) {
          const auto [text, all] = indexed_text(inner_->load_content(*dead, 0, ~std::uint64_t{0}));
          database.run("INSERT INTO texts (texts, rowid, text) VALUES ('delete', ?, ?)", *dead,
                       std::string_view(text));
        }
        const std::int64_t base = *dead * chunks_per_content;
        database.run("DELETE FROM chunks WHERE id >= ? AND id < ?", base,
                     base + chunks_per_content);
        database.run("DELETE FROM summaries WHERE id = ?", *dead);
        database.run("DELETE FROM contents WHERE id = ?", *dead);
        continue;
      }
      const auto waiting =
          database.integer("SELECT id FROM contents WHERE indexed <> 1 AND indexed = 0 LIMIT 1");
      if (!waiting) return false;
      const auto [text, all] = indexed_text(inner_->load_content(*waiting, 0, ~std::uint64_t{0}));
      database.run("INSERT INTO texts (rowid, text) VALUES (?, ?)", *waiting,
                   std::string_view(text));
      database.run("UPDATE contents SET indexed = ? WHERE id = ?", all, *waiting);
    }
    return true;
  });
}

}  // namespace postern::mailbox
