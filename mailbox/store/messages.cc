// mailbox/store/messages.cc: messages come in, change their flags, are copied, moved and expunged.
#include <algorithm>

#include "mailbox/store/content_view.h"
#include "mailbox/store/keywords.h"
#include "mailbox/store/store.h"
#include "mailbox/store/store_inner.h"

namespace postern::mailbox {

namespace {

/// Runs of uids that follow each other without a gap.
std::vector<UidRange> ranges_of(std::span<const MessageEntry> entries) {
  std::vector<UidRange> ranges;
  for (const MessageEntry& entry : entries) {
    const auto uid = static_cast<std::uint32_t>(entry.uid);
    if (!ranges.empty() && static_cast<std::uint32_t>(ranges.back().last) + 1 == uid) {
      ranges.back().last = entry.uid;
    } else {
      ranges.push_back({entry.uid, entry.uid});
    }
  }
  return ranges;
}

std::uint64_t total_size(std::span<const MessageEntry> entries) {
  std::uint64_t size = 0;
  for (const MessageEntry& entry : entries) size += entry.size;
  return size;
}

}  // namespace

// Reading ----------------------------------------------------------------------------------------

std::vector<MessageEntry> MailboxStore::Inner::read_entries(Sqlite::Rows rows) {
  std::vector<MessageEntry> entries;
  while (rows.next()) {
    entries.push_back({.uid = Uid(rows.integer(0)),
                       .system_flags = static_cast<std::uint8_t>(rows.integer(1)),
                       .keywords = static_cast<KeywordBits>(rows.integer(2)),
                       .modseq = static_cast<ModSeq>(rows.integer(3)),
                       .size = static_cast<std::uint64_t>(rows.integer(4)),
                       .internal_date = rows.integer(5),
                       .sent_date = rows.integer(6),
                       .content = rows.integer(7)});
  }
  return entries;
}

std::vector<MessageEntry> MailboxStore::entries(FolderId folder) {
  return inner_->read_entries(inner_->database.query(
      "SELECT uid, flags, keywords, modseq, size, internal_date, sent_date, content"
      " FROM messages WHERE folder = ? ORDER BY uid",
      folder));
}

std::vector<MessageEntry> MailboxStore::Inner::find_entries(FolderId folder,
                                                            std::span<const Uid> uids) {
  std::vector<MessageEntry> found;
  found.reserve(uids.size());
  read_in_ranges(uids, [&](Uid first, Uid last) {
    std::vector<MessageEntry> some = read_entries(database.query(
        "SELECT uid, flags, keywords, modseq, size, internal_date, sent_date, content"
        " FROM messages WHERE folder = ? AND uid BETWEEN ? AND ? ORDER BY uid",
        folder, first, last));
    if (first != last) {
      std::erase_if(some, [&](const MessageEntry& entry) {
        return !std::ranges::binary_search(uids, entry.uid);
      });
    }
    found.insert(found.end(), some.begin(), some.end());
  });
  std::ranges::sort(found, {}, &MessageEntry::uid);
  const auto repeated = std::ranges::unique(found, {}, &MessageEntry::uid);
  found.erase(repeated.begin(), repeated.end());
  return found;
}

std::vector<std::string> MailboxStore::keyword_names() {
  Inner& inner = *inner_;
  if (!inner.keywords_known) {
    inner.keywords.clear();
    auto rows = inner.database.query("SELECT name FROM keywords ORDER BY bit");
    while (rows.next()) inner.keywords.emplace_back(rows.bytes());
    inner.keywords_known = true;
  }
  return inner.keywords;
}

// Numbers ----------------------------------------------------------------------------------------

std::uint32_t MailboxStore::Inner::take_uids(FolderId folder, std::size_t count) {
  const auto next = database.integer(
      "UPDATE folders SET uid_next = uid_next + ? WHERE id = ? RETURNING uid_next", count, folder);
  if (next.value_or(0) > 0xFFFFFFFF) throw IoError("mailbox store: out of UIDs");
  return static_cast<std::uint32_t>(next.value_or(1) - static_cast<std::int64_t>(count));
}

void MailboxStore::Inner::raise_modseq(FolderId folder, ModSeq modseq) {
  database.run("UPDATE folders SET highest_modseq = ? WHERE id = ?", modseq, folder);
  change(folder);
}

/// What can be kept of the keywords of new messages; a server may leave flags out (RFC 3501 §7.1),
/// but not mail.
std::vector<KeywordBits> MailboxStore::Inner::keep_keywords(std::span<const NewMail> mails) {
  KeywordTable table(database, keywords);
  for (const NewMail& mail : mails) table.known(mail.keywords);
  std::vector<KeywordBits> kept;
  for (const NewMail& mail : mails) {
    KeywordBits& bits = kept.emplace_back(0);
    for (const std::string& keyword : mail.keywords) bits |= table.take(keyword).value_or(0);
  }
  return kept;
}

/// What no message can have is removed from none: then new keywords get no bit.
std::expected<KeywordBits, StoreError> MailboxStore::Inner::keywords_of(const FlagUpdate& update) {
  KeywordTable table(database, keywords);
  KeywordBits bits = table.known(update.keywords);
  if (update.operation == FlagOperation::remove) return bits;
  for (const std::string& keyword : update.keywords) {
    const auto bit = table.take(keyword);
    if (!bit) return bit;
    bits |= *bit;
  }
  return bits;
}

Uid MailboxStore::claim_recent(FolderId folder) {
  return inner_->atomically([&] {
    const auto from =
        inner_->database.integer("SELECT recent_from FROM folders WHERE id = ?", folder);
    inner_->database.run(
        "UPDATE folders SET recent_from = uid_next WHERE id = ? AND recent_from <> uid_next",
        folder);
    return Uid(from.value_or(1));
  });
}

// Arriving ---------------------------------------------------------------------------------------

Appended MailboxStore::Inner::insert_message(const FolderInfo& folder, const NewMail& mail,
                                             std::string_view message, KeywordBits keyword_bits,
                                             ModSeq modseq) {
  MessageEntry entry;
  entry.uid = Uid(take_uids(folder.id, 1));
  entry.system_flags = mail.system_flags & flag::all;
  entry.keywords = keyword_bits;
  entry.modseq = modseq;
  entry.size = message.size();
  entry.internal_date = mail.internal_date.value_or(now_seconds());
  entry.content = store_content(message, entry.internal_date, entry.sent_date);
  database.run("INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", folder.id, entry.uid,
               entry.content, entry.system_flags, entry.keywords, modseq, entry.size,
               entry.internal_date, entry.sent_date);
  raise_modseq(folder.id, modseq);
  add_to_counter("bytes", static_cast<std::int64_t>(entry.size));
  add_to_counter("messages", 1);
  change(folder.id).upserts.push_back(entry);
  return {.uid_validity = folder.uid_validity, .uid = entry.uid};
}

std::expected<std::vector<Appended>, StoreError> MailboxStore::append_all(
    FolderId id, std::span<const NewMail> mails, std::optional<std::uint64_t> quota) {
  std::vector<std::unique_ptr<ContentView>> views;
  std::uint64_t size = 0;
  for (const NewMail& mail : mails) {
    views.push_back(std::make_unique<ContentView>(mail.content));
    size += views.back()->bytes().size();
  }
  return inner_->atomically([&]() -> std::expected<std::vector<Appended>, StoreError> {
    const std::optional<FolderInfo> folder = inner_->folder(id);
    if (!folder || !folder->selectable) return std::unexpected(StoreError::no_such_folder);
    if (quota && static_cast<std::uint64_t>(inner_->counter("bytes")) + size > *quota) {
      return std::unexpected(StoreError::over_quota);
    }
    keyword_names();
    const std::vector<KeywordBits> bits = inner_->keep_keywords(mails);
    const ModSeq modseq = inner_->next_modseq();
    std::vector<Appended> appended;
    for (std::size_t i = 0; i < mails.size(); ++i) {
      appended.push_back(
          inner_->insert_message(*folder, mails[i], views[i]->bytes(), bits[i], modseq));
    }
    return appended;
  });
}

std::expected<Appended, StoreError> MailboxStore::append(FolderId folder, const NewMail& mail,
                                                         std::optional<std::uint64_t> quota) {
  const auto all = append_all(folder, std::span(&mail, 1), quota);
  if (!all) return std::unexpected(all.error());
  return all->front();
}

std::expected<std::optional<Appended>, StoreError> MailboxStore::deliver(
    std::string_view key, std::string_view name, const NewMail& mail,
    std::optional<std::uint64_t> quota) {
  return inner_->atomically([&]() -> std::expected<std::optional<Appended>, StoreError> {
    Sqlite& database = inner_->database;
    if (database.integer("SELECT 1 FROM delivered WHERE id = ?", key)) return std::nullopt;
    auto folder = find_folder(name);
    if (!folder || !folder->selectable) folder = find_folder("INBOX");
    if (!folder) return std::unexpected(folder.error());
    const auto appended = append(folder->id, mail, quota);
    if (!appended) return std::unexpected(appended.error());
    database.run("INSERT INTO delivered VALUES (?, ?)", key, now_seconds());
    return *appended;
  });
}

// Flags ------------------------------------------------------------------------------------------

std::expected<FlagsStored, StoreError> MailboxStore::store_flags(FolderId folder,
                                                                 std::span<const Uid> uids,
                                                                 const FlagUpdate& update) {
  return inner_->atomically([&]() -> std::expected<FlagsStored, StoreError> {
    FlagsStored stored;
    std::vector<MessageEntry> entries = inner_->find_entries(folder, uids);
    if (entries.empty()) return stored;
    keyword_names();
    const auto bits = inner_->keywords_of(update);
    if (!bits) return std::unexpected(bits.error());
    const std::uint8_t system = update.system_flags & flag::all;
    std::optional<ModSeq> modseq;
    for (MessageEntry& entry : entries) {
      if (update.unchanged_since && entry.modseq > *update.unchanged_since) {
        stored.modified.push_back(entry.uid);
        continue;
      }
      const auto apply = [&](auto old, auto given) -> decltype(old) {
        if (update.operation == FlagOperation::replace) return given;
        if (update.operation == FlagOperation::add) return static_cast<decltype(old)>(old | given);
        return static_cast<decltype(old)>(old & ~given);
      };
      const std::uint8_t new_system = apply(entry.system_flags, system);
      const KeywordBits new_keywords = apply(entry.keywords, *bits);
      if (new_system == entry.system_flags && new_keywords == entry.keywords) continue;
      if (!modseq) modseq = inner_->next_modseq();
      entry.system_flags = new_system;
      entry.keywords = new_keywords;
      entry.modseq = *modseq;
      inner_->database.run(
          "UPDATE messages SET flags = ?, keywords = ?, modseq = ? WHERE folder = ? AND uid = ?",
          new_system, new_keywords, *modseq, folder, entry.uid);
      stored.changed.push_back(entry);
    }
    if (modseq) {
      inner_->raise_modseq(folder, *modseq);
      auto& upserts = inner_->change(folder).upserts;
      upserts.insert(upserts.end(), stored.changed.begin(), stored.changed.end());
    }
    return stored;
  });
}

// Leaving ----------------------------------------------------------------------------------------

void MailboxStore::Inner::remove(FolderId folder, std::span<const MessageEntry> entries,
                                 ModSeq modseq, bool release) {
  if (entries.empty()) return;
  for (const UidRange& range : ranges_of(entries)) {
    database.run(
        "INSERT INTO expunged SELECT folder, uid, ? FROM messages"
        " WHERE folder = ? AND uid BETWEEN ? AND ?",
        modseq, folder, range.first, range.last);
    database.run("DELETE FROM messages WHERE folder = ? AND uid BETWEEN ? AND ?", folder,
                 range.first, range.last);
  }
  auto& expunged = change(folder).expunged;
  for (const MessageEntry& entry : entries) {
    if (release) {
      database.run("UPDATE contents SET refs = refs - 1 WHERE id = ?", entry.content);
    }
    expunged.push_back(entry.uid);
  }
  if (release) {
    add_to_counter("bytes", -static_cast<std::int64_t>(total_size(entries)));
    add_to_counter("messages", -static_cast<std::int64_t>(entries.size()));
  }
  expunged_since_look += entries.size();
  raise_modseq(folder, modseq);
}

std::vector<Uid> MailboxStore::Inner::place(const FolderInfo& target,
                                            std::span<const MessageEntry> entries, ModSeq modseq) {
  std::vector<Uid> uids;
  if (entries.empty()) return uids;
  std::uint32_t next = take_uids(target.id, entries.size());
  for (MessageEntry entry : entries) {
    entry.uid = Uid(next++);
    entry.modseq = modseq;
    database.run("INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", target.id, entry.uid,
                 entry.content, entry.system_flags, entry.keywords, modseq, entry.size,
                 entry.internal_date, entry.sent_date);
    change(target.id).upserts.push_back(entry);
    uids.push_back(entry.uid);
  }
  raise_modseq(target.id, modseq);
  return uids;
}

std::expected<Copied, StoreError> MailboxStore::copy(FolderId from, std::span<const Uid> uids,
                                                     FolderId to,
                                                     std::optional<std::uint64_t> quota) {
  return inner_->atomically([&]() -> std::expected<Copied, StoreError> {
    const std::optional<FolderInfo> target = inner_->folder(to);
    if (!target || !target->selectable) return std::unexpected(StoreError::no_such_folder);
    const std::vector<MessageEntry> entries = inner_->find_entries(from, uids);
    const std::uint64_t size = total_size(entries);
    if (quota && static_cast<std::uint64_t>(inner_->counter("bytes")) + size > *quota) {
      return std::unexpected(StoreError::over_quota);
    }
    Copied copied{.uid_validity = target->uid_validity, .source = {}, .target = {}};
    if (entries.empty()) return copied;
    for (const MessageEntry& entry : entries) {
      copied.source.push_back(entry.uid);
      inner_->database.run("UPDATE contents SET refs = refs + 1 WHERE id = ?", entry.content);
    }
    copied.target = inner_->place(*target, entries, inner_->next_modseq());
    inner_->add_to_counter("bytes", static_cast<std::int64_t>(size));
    inner_->add_to_counter("messages", static_cast<std::int64_t>(entries.size()));
    return copied;
  });
}

std::expected<Copied, StoreError> MailboxStore::move(FolderId from, std::span<const Uid> uids,
                                                     FolderId to) {
  return inner_->atomically([&]() -> std::expected<Copied, StoreError> {
    const std::optional<FolderInfo> target = inner_->folder(to);
    if (!target || !target->selectable) return std::unexpected(StoreError::no_such_folder);
    const std::vector<MessageEntry> entries = inner_->find_entries(from, uids);
    Copied moved{.uid_validity = target->uid_validity, .source = {}, .target = {}};
    if (entries.empty()) return moved;
    for (const MessageEntry& entry : entries) moved.source.push_back(entry.uid);
    const ModSeq modseq = inner_->next_modseq();
    inner_->remove(from, entries, modseq, false);
    moved.target = inner_->place(*target, entries, modseq);
    return moved;
  });
}

std::vector<Uid> MailboxStore::expunge(FolderId folder, std::span<const Uid> uids, bool any) {
  return inner_->atomically([&] {
    std::vector<MessageEntry> entries = inner_->find_entries(folder, uids);
    if (!any) {
      std::erase_if(entries, [](const MessageEntry& entry) {
        return (entry.system_flags & flag::deleted) == 0;
      });
    }
    if (!entries.empty()) inner_->remove(folder, entries, inner_->next_modseq(), true);
    std::vector<Uid> removed;
    for (const MessageEntry& entry : entries) removed.push_back(entry.uid);
    return removed;
  });
}

std::vector<Uid> MailboxStore::expunge_deleted(FolderId folder) {
  return inner_->atomically([&] {
    std::vector<Uid> uids;
    {
      auto rows = inner_->database.query(
          "SELECT uid FROM messages WHERE folder = ? AND flags & 8 <> 0 ORDER BY uid", folder);
      while (rows.next()) uids.push_back(Uid(rows.integer()));
    }
    return expunge(folder, uids, true);
  });
}

}  // namespace postern::mailbox
