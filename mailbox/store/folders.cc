// mailbox/store/folders.cc: making, naming and removing folders; subscriptions.
#include <algorithm>

#include "mailbox/store/folder_name.h"
#include "mailbox/store/store.h"
#include "mailbox/store/store_inner.h"

namespace postern::mailbox {

namespace {

constexpr std::int64_t folder_limit = 10'000;
constexpr std::int64_t subscription_limit = 20'000;

FolderInfo read_folder(const Sqlite::Rows& row) {
  return {.id = FolderId(row.integer(0)),
          .name = std::string(row.bytes(1)),
          .selectable = row.integer(2) != 0,
          .has_children = false,
          .special_use = static_cast<SpecialUse>(row.integer(3)),
          .uid_validity = static_cast<std::uint32_t>(row.integer(4))};
}

/// "a" and "a/b" stand together, before "a-b".
bool by_level(const FolderInfo& a, const FolderInfo& b) {
  const bool a_inbox = a.name == "INBOX", b_inbox = b.name == "INBOX";
  if (a_inbox != b_inbox) return a_inbox;
  return std::ranges::lexicographical_compare(a.name, b.name, [](char x, char y) {
    return (x == '/' ? 0 : static_cast<unsigned char>(x)) <
           (y == '/' ? 0 : static_cast<unsigned char>(y));
  });
}

std::string_view without_trailing_separator(std::string_view name) {
  return name.ends_with('/') ? name.substr(0, name.size() - 1) : name;
}

}  // namespace

std::optional<FolderInfo> MailboxStore::Inner::folder(std::string_view normal_name) {
  auto rows = database.query(
      "SELECT id, name, selectable, special_use, uid_validity FROM folders WHERE name = ?",
      normal_name);
  if (!rows.next()) return std::nullopt;
  return read_folder(rows);
}

std::optional<FolderInfo> MailboxStore::Inner::folder(FolderId id) {
  auto rows = database.query(
      "SELECT id, name, selectable, special_use, uid_validity FROM folders WHERE id = ?", id);
  if (!rows.next()) return std::nullopt;
  return read_folder(rows);
}

FolderInfo MailboxStore::Inner::insert_folder(std::string_view name, SpecialUse use) {
  const std::uint32_t uid_validity = next_uid_validity();
  const ModSeq modseq = next_modseq();
  database.run(
      "INSERT INTO folders (name, special_use, uid_validity, highest_modseq) VALUES (?, ?, ?, ?)",
      name, use, uid_validity, modseq);
  return {.id = FolderId(database.last_id()),
          .name = std::string(name),
          .selectable = true,
          .has_children = false,
          .special_use = use,
          .uid_validity = uid_validity};
}

std::vector<FolderInfo> MailboxStore::folders() {
  std::vector<FolderInfo> folders;
  auto rows =
      inner_->database.query("SELECT id, name, selectable, special_use, uid_validity FROM folders");
  while (rows.next()) folders.push_back(read_folder(rows));
  std::ranges::sort(folders, by_level);
  std::map<std::string, bool, std::less<>> parents;
  for (const FolderInfo& folder : folders) {
    const std::size_t end = folder.name.rfind('/');
    if (end != std::string::npos) parents[folder.name.substr(0, end)] = true;
  }
  for (FolderInfo& folder : folders) folder.has_children = parents.contains(folder.name);
  return folders;
}

std::expected<FolderInfo, StoreError> MailboxStore::find_folder(std::string_view name) {
  const std::optional<std::string> normal = normal_folder_name(name);
  if (!normal) return std::unexpected(StoreError::no_such_folder);
  std::optional<FolderInfo> folder = inner_->folder(*normal);
  if (!folder) return std::unexpected(StoreError::no_such_folder);
  return *std::move(folder);
}

std::optional<FolderInfo> MailboxStore::special_folder(SpecialUse use) {
  auto rows = inner_->database.query(
      "SELECT id, name, selectable, special_use, uid_validity FROM folders WHERE special_use = ?",
      use);
  if (!rows.next()) return std::nullopt;
  return read_folder(rows);
}

std::expected<FolderStatus, StoreError> MailboxStore::state(FolderId folder) {
  auto row = inner_->database.query(
      "SELECT uid_validity, uid_next, highest_modseq FROM folders WHERE id = ?", folder);
  if (!row.next()) return std::unexpected(StoreError::no_such_folder);
  FolderStatus status;
  status.id = folder;
  status.uid_validity = static_cast<std::uint32_t>(row.integer(0));
  status.uid_next = static_cast<std::uint32_t>(row.integer(1));
  status.highest_modseq = static_cast<ModSeq>(row.integer(2));
  return status;
}

std::expected<FolderStatus, StoreError> MailboxStore::status(FolderId folder) {
  auto status = state(folder);
  if (!status) return status;
  auto sums = inner_->database.query(
      "SELECT count(*), coalesce(sum(flags & 1 = 0), 0), coalesce(sum(flags & 8 <> 0), 0),"
      " coalesce(sum(size), 0), coalesce(sum(uid >= (SELECT recent_from FROM folders WHERE id = "
      "?1)), 0), coalesce(sum(CASE WHEN flags & 8 <> 0 THEN size END), 0)"
      " FROM messages WHERE folder = ?1",
      folder);
  static_assert(flag::seen == 1 && flag::deleted == 8);
  if (sums.next()) {
    status->messages = static_cast<std::uint64_t>(sums.integer(0));
    status->unseen = static_cast<std::uint64_t>(sums.integer(1));
    status->deleted = static_cast<std::uint64_t>(sums.integer(2));
    status->size = static_cast<std::uint64_t>(sums.integer(3));
    status->recent = static_cast<std::uint64_t>(sums.integer(4));
    status->deleted_size = static_cast<std::uint64_t>(sums.integer(5));
  }
  return status;
}

/// Whether the folders between two names, below "old/", still have good names below `target`: not
/// too long, not too deep.
bool MailboxStore::Inner::can_rename_children(std::string_view first, std::string_view end,
                                              std::string_view target) {
  auto rows = database.query("SELECT name FROM folders WHERE name > ? AND name < ?", first, end);
  while (rows.next()) {
    const std::string_view below = rows.bytes().substr(first.size() - 1);
    if (!normal_folder_name(std::string(target) + std::string(below))) return false;
  }
  return true;
}

std::expected<FolderInfo, StoreError> MailboxStore::create_folder(std::string_view name,
                                                                  SpecialUse use) {
  const std::optional<std::string> normal = normal_folder_name(without_trailing_separator(name));
  if (!normal) return std::unexpected(StoreError::bad_name);
  return inner_->atomically([&]() -> std::expected<FolderInfo, StoreError> {
    Sqlite& database = inner_->database;
    const std::optional<FolderInfo> there = inner_->folder(*normal);
    if (there && there->selectable) return std::unexpected(StoreError::folder_exists);
    if (there) {  // a \Noselect one comes back as another folder: sessions may know the old one yet
      database.run("DELETE FROM folders WHERE id = ?", there->id);
      return inner_->insert_folder(*normal, use);
    }
    const std::vector<std::string> parents = parents_of(*normal);
    if (database.integer("SELECT count(*) FROM folders").value_or(0) +
            static_cast<std::int64_t>(parents.size()) >=
        folder_limit) {
      return std::unexpected(StoreError::too_many);
    }
    for (const std::string& parent : parents) {
      if (!inner_->folder(parent)) inner_->insert_folder(parent, SpecialUse::none);
    }
    return inner_->insert_folder(*normal, use);
  });
}

std::expected<void, StoreError> MailboxStore::delete_folder(std::string_view name) {
  const std::optional<std::string> normal = normal_folder_name(name);
  if (!normal) return std::unexpected(StoreError::no_such_folder);
  if (*normal == "INBOX") return std::unexpected(StoreError::not_allowed);
  return inner_->atomically([&]() -> std::expected<void, StoreError> {
    Sqlite& database = inner_->database;
    const std::optional<FolderInfo> folder = inner_->folder(*normal);
    if (!folder) return std::unexpected(StoreError::no_such_folder);
    const std::string first = *normal + "/", end = *normal + "0";  // '0' follows '/'
    const bool has_children =
        database
            .integer("SELECT 1 FROM folders WHERE name > ? AND name < ? LIMIT 1",
                     std::string_view(first), std::string_view(end))
            .has_value();
    if (has_children && !folder->selectable) return std::unexpected(StoreError::not_allowed);
    inner_->remove(folder->id, entries(folder->id), inner_->next_modseq(), true);
    if (has_children) {
      database.run("UPDATE folders SET selectable = 0, special_use = 0 WHERE id = ?", folder->id);
    } else {
      database.run("DELETE FROM folders WHERE id = ?", folder->id);
    }
    inner_->change(folder->id).gone = true;
    return {};
  });
}

std::expected<void, StoreError> MailboxStore::rename_folder(std::string_view from,
                                                            std::string_view to) {
  const std::optional<std::string> source = normal_folder_name(from);
  const std::optional<std::string> target = normal_folder_name(without_trailing_separator(to));
  if (!source) return std::unexpected(StoreError::no_such_folder);
  if (!target) return std::unexpected(StoreError::bad_name);
  return inner_->atomically([&]() -> std::expected<void, StoreError> {
    Sqlite& database = inner_->database;
    const std::optional<FolderInfo> folder = inner_->folder(*source);
    if (!folder) return std::unexpected(StoreError::no_such_folder);
    if (inner_->folder(*target)) return std::unexpected(StoreError::folder_exists);
    const std::string first = *source + "/", end = *source + "0";
    const bool is_inbox = *source == "INBOX";
    if (target->starts_with(first) && !is_inbox) return std::unexpected(StoreError::not_allowed);
    if (!is_inbox && !inner_->can_rename_children(first, end, *target))
      return std::unexpected(StoreError::bad_name);
    if (is_inbox) {  // its messages go, it stays, and so do its children: RFC 3501 §6.3.5
      const auto created = create_folder(*target);
      if (!created) return std::unexpected(created.error());
      const std::vector<MessageEntry> all = entries(folder->id);
      const ModSeq modseq = inner_->next_modseq();
      inner_->remove(folder->id, all, modseq, false);
      inner_->place(*created, all, modseq);
      return {};
    }
    for (const std::string& parent : parents_of(*target)) {
      if (!inner_->folder(parent)) inner_->insert_folder(parent, SpecialUse::none);
    }
    database.run("UPDATE folders SET name = ? WHERE id = ?", std::string_view(*target), folder->id);
    database.run(
        "UPDATE folders SET name = ? || substr(name, length(?) + 1) WHERE name > ? AND name < ?",
        std::string_view(*target), std::string_view(*source), std::string_view(first),
        std::string_view(end));
    return {};
  });
}

std::vector<std::string> MailboxStore::subscriptions() {
  std::vector<std::string> names;
  auto rows = inner_->database.query("SELECT name FROM subscriptions ORDER BY name");
  while (rows.next()) names.emplace_back(rows.bytes());
  return names;
}

std::expected<void, StoreError> MailboxStore::subscribe(std::string_view name, bool subscribed) {
  const std::optional<std::string> normal = normal_folder_name(without_trailing_separator(name));
  if (!normal) return std::unexpected(StoreError::bad_name);
  return inner_->atomically([&]() -> std::expected<void, StoreError> {
    Sqlite& database = inner_->database;
    if (!subscribed) {  // a name without a folder may be unsubscribed: RFC 3501 §6.3.6
      database.run("DELETE FROM subscriptions WHERE name = ?", std::string_view(*normal));
      return {};
    }
    if (!inner_->folder(*normal)) return std::unexpected(StoreError::no_such_folder);
    if (database.integer("SELECT count(*) FROM subscriptions").value_or(0) >= subscription_limit) {
      return std::unexpected(StoreError::too_many);
    }
    database.run("INSERT OR IGNORE INTO subscriptions VALUES (?)", std::string_view(*normal));
    return {};
  });
}

}  // namespace postern::mailbox
