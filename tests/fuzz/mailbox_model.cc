// tests/fuzz/mailbox_model.cc: lists of messages, and what happens to them.
#include "tests/fuzz/mailbox_model.h"

#include <algorithm>

namespace postern::fuzz {

ModelMessage* ModelFolder::find(std::uint32_t uid) {
  const auto found = std::ranges::find(messages, uid, &ModelMessage::uid);
  return found == messages.end() ? nullptr : &*found;
}

std::vector<std::uint32_t> ModelFolder::uids() const {
  std::vector<std::uint32_t> all;
  for (const ModelMessage& message : messages) all.push_back(message.uid);
  return all;
}

std::uint32_t ModelFolder::add(Flags flags, std::string octets) {
  messages.push_back({uid_next, std::move(flags), std::move(octets)});
  return uid_next++;
}

void ModelFolder::remove(const std::set<std::uint32_t>& uids) {
  std::erase_if(messages, [&](const ModelMessage& message) { return uids.contains(message.uid); });
}

MailboxModel::MailboxModel() {
  for (const char* name : {"INBOX", "Drafts", "Sent", "Junk", "Trash", "Archive"})
    folders_[name] = std::make_shared<ModelFolder>();
}

FolderRef MailboxModel::find(const std::string& name) const {
  const auto found = folders_.find(name);
  return found != folders_.end() && found->second->is_selectable ? found->second : nullptr;
}

bool MailboxModel::has_children(const std::string& name) const {
  return std::ranges::any_of(
      folders_, [&](const auto& folder) { return folder.first.starts_with(name + "/"); });
}

bool MailboxModel::create(const std::string& name) {
  if (find(name)) return false;
  for (std::size_t at = name.find('/'); at != std::string::npos; at = name.find('/', at + 1))
    folders_.try_emplace(name.substr(0, at), std::make_shared<ModelFolder>());
  folders_[name] = std::make_shared<ModelFolder>();
  return true;
}

bool MailboxModel::remove(const std::string& name) {
  const auto found = folders_.find(name);
  if (name == "INBOX" || found == folders_.end()) return false;
  if (has_children(name) && !found->second->is_selectable) return false;
  found->second->messages.clear();
  if (has_children(name)) {
    found->second = std::make_shared<ModelFolder>();
    found->second->is_selectable = false;
  } else {
    folders_.erase(found);
  }
  return true;
}

bool MailboxModel::rename(const std::string& from, const std::string& to) {
  if (!folders_.contains(from) || folders_.contains(to)) return false;
  if (from == "INBOX") {
    create(to);
    for (ModelMessage& message : folders_[from]->messages)
      folders_[to]->add(message.flags, message.octets);
    folders_[from]->messages.clear();
    return true;
  }
  if (to.starts_with(from + "/")) return false;
  std::map<std::string, FolderRef> moved;
  std::erase_if(folders_, [&](const auto& folder) {
    const bool goes = folder.first == from || folder.first.starts_with(from + "/");
    if (goes) moved[to + folder.first.substr(from.size())] = folder.second;
    return goes;
  });
  for (std::size_t at = to.find('/'); at != std::string::npos; at = to.find('/', at + 1))
    folders_.try_emplace(to.substr(0, at), std::make_shared<ModelFolder>());
  folders_.merge(moved);
  return true;
}

std::string ModelSet::text() const {
  const auto write = [](std::uint32_t number) {
    return number == 0 ? std::string("*") : std::to_string(number);
  };
  std::string all;
  for (const auto& [first, last] : parts) {
    if (!all.empty()) all += ',';
    all += write(first);
    if (first != last) all += ':' + write(last);
  }
  return all;
}

bool ModelSet::holds(std::uint32_t number, std::uint32_t largest) const {
  return std::ranges::any_of(parts, [&](const auto& part) {
    const std::uint32_t first = part.first == 0 ? largest : part.first;
    const std::uint32_t last = part.second == 0 ? largest : part.second;
    return number >= std::min(first, last) && number <= std::max(first, last);
  });
}

bool ModelSet::is_within(std::uint32_t largest) const {
  return std::ranges::all_of(parts, [&](const auto& part) {
    const bool is_all = part == std::pair(1U, 0U) || part == std::pair(0U, 1U);
    return is_all || (largest > 0 && part.first <= largest && part.second <= largest);
  });
}

}  // namespace postern::fuzz
