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

/// What the trigram indexes hold of a message. Equal whenever it is asked: what was indexed is
/// needed to take it out again.
SearchText indexed_text(std::string_view message) {
  SearchText text = search_text(message);
  for (std::string* part : {&text.header, &text.body}) {
    part->resize(std::min(part->size(), indexed_text_limit));
  }
  return text;
}

/// Whether a search has to look into the message itself.
Indexed indexed_part(const SearchText& indexed) {
  const bool is_cut =
      indexed.header.size() == indexed_text_limit || indexed.body.size() == indexed_text_limit;
  return is_cut ? Indexed::beginning : Indexed::all;
}

}  // namespace

// Octets -----------------------------------------------------------------------------------------

ContentId MailboxStore::Inner::store_content(std::string_view message, Seconds internal_date,
                                             Seconds& sent_date) {
  const mail::HeaderBlock header = mail::HeaderBlock::parse(message);
  sent_date = sent_date_of(header, internal_date);
  const Summary summary = indexer(message);
  database.run("INSERT INTO contents (size) VALUES (?)", message.size());
  const ContentId id = database.last_id();
  database.run("INSERT INTO summaries VALUES (?, ?, ?, ?)", id, Blob{summary.envelope},
               Blob{summary.body_structure}, Blob{summary.body});
  database.run("INSERT INTO headers VALUES (?, ?)", id, Blob{header.text()});
  std::int64_t number = id * chunks_per_content;
  for (std::size_t at = 0; at < message.size(); at += chunk_size) {
    database.run("INSERT INTO chunks VALUES (?, ?)", number++,
                 Blob{message.substr(at, chunk_size)});
  }
  return id;
}

// Search -----------------------------------------------------------------------------------------

std::optional<std::vector<ContentId>> MailboxStore::probable_contents(SearchScope scope,
                                                                      std::string_view needle) {
  const std::string condition = trigram_query(needle);
  if (condition.empty()) return std::nullopt;
  Sqlite& database = inner_->database;
  std::vector<ContentId> contents;
  const auto add = [&contents](Sqlite::Rows rows) {
    while (rows.next()) contents.push_back(rows.integer());
  };
  if (scope != SearchScope::body) {
    add(database.query("SELECT rowid FROM header_texts WHERE header_texts MATCH ?",
                       std::string_view(condition)));
  }
  if (scope != SearchScope::header) {
    add(database.query("SELECT rowid FROM body_texts WHERE body_texts MATCH ?",
                       std::string_view(condition)));
  }
  add(database.query("SELECT id FROM contents WHERE indexed <> 1"));
  std::ranges::sort(contents);
  const auto repeated = std::ranges::unique(contents);
  contents.erase(repeated.begin(), repeated.end());
  return contents;
}

bool MailboxStore::matches_text(ContentId content, SearchScope scope, std::string_view needle) {
  if (scope == SearchScope::header) {
    auto rows = inner_->database.query("SELECT header FROM headers WHERE id = ?", content);
    return rows.next() && search_header_text(rows.bytes()).find(needle) != std::string::npos;
  }
  const std::string message = inner_->load_content(content, 0, ~std::uint64_t{0});
  const SearchText text = search_text(message);
  if (text.body.find(needle) != std::string::npos) return true;
  return scope == SearchScope::text && text.header.find(needle) != std::string::npos;
}

bool MailboxStore::matches_header(ContentId content, std::string_view field,
                                  std::string_view needle) {
  auto rows = inner_->database.query("SELECT header FROM headers WHERE id = ?", content);
  if (!rows.next()) return false;
  const mail::HeaderBlock header = mail::HeaderBlock::parse(rows.bytes());
  return std::ranges::any_of(header.fields(), [&](const mail::HeaderField& one) {
    return one.is(field) &&
           (needle.empty() ||
            fold_case(mail::decode_words(one.unfolded())).find(needle) != std::string::npos);
  });
}

// What was put off -------------------------------------------------------------------------------

void MailboxStore::Inner::index_content(ContentId content) {
  const SearchText text = indexed_text(load_content(content, 0, ~std::uint64_t{0}));
  database.run("INSERT INTO header_texts (rowid, text) VALUES (?, ?)", content,
               std::string_view(text.header));
  database.run("INSERT INTO body_texts (rowid, text) VALUES (?, ?)", content,
               std::string_view(text.body));
  database.run("UPDATE contents SET indexed = ? WHERE id = ?", indexed_part(text), content);
}

void MailboxStore::Inner::remove_content(ContentId content) {
  const auto indexed = database.integer("SELECT indexed FROM contents WHERE id = ?", content);
  if (Indexed(indexed.value_or(0)) != Indexed::no) {
    const SearchText text = indexed_text(load_content(content, 0, ~std::uint64_t{0}));
    database.run("INSERT INTO header_texts (header_texts, rowid, text) VALUES ('delete', ?, ?)",
                 content, std::string_view(text.header));
    database.run("INSERT INTO body_texts (body_texts, rowid, text) VALUES ('delete', ?, ?)",
                 content, std::string_view(text.body));
  }
  const std::int64_t base = content * chunks_per_content;
  database.run("DELETE FROM chunks WHERE id >= ? AND id < ?", base, base + chunks_per_content);
  database.run("DELETE FROM summaries WHERE id = ?", content);
  database.run("DELETE FROM headers WHERE id = ?", content);
  database.run("DELETE FROM contents WHERE id = ?", content);
}

std::optional<ContentId> MailboxStore::Inner::dead_content(std::span<const ContentId> held) {
  auto rows = database.query("SELECT id FROM contents WHERE refs = 0");
  while (rows.next()) {
    if (!std::ranges::binary_search(held, rows.integer())) return rows.integer();
  }
  return std::nullopt;
}

bool MailboxStore::maintain(std::span<const ContentId> held) {
  // On a thread of the pool, which has no loop: the slice measures its own work.
  const auto end = std::chrono::steady_clock::now() + maintenance_slice;
  return inner_->atomically([&] {
    Sqlite& database = inner_->database;
    if (inner_->expunged_since_look > expunged_kept) inner_->forget_expunged(expunged_kept);
    while (std::chrono::steady_clock::now() < end) {
      if (const auto dead = inner_->dead_content(held)) {
        inner_->remove_content(*dead);
        continue;
      }
      // The first condition is that of the partial index.
      const auto waiting =
          database.integer("SELECT id FROM contents WHERE indexed <> 1 AND indexed = 0 LIMIT 1");
      if (!waiting) return false;
      inner_->index_content(*waiting);
    }
    return true;
  });
}

}  // namespace postern::mailbox
