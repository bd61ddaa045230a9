// mailbox/imap/session/command.cc: finds commands, and gathers what they are capable of.
#include "mailbox/imap/session/command.h"

namespace postern::imap {
namespace {

const Capability& capability_of(const CommandTable::Row& row) {
  if (const auto* const command = std::get_if<const Command*>(&row)) return (*command)->capability;
  return *std::get<const Capability*>(row);
}

}  // namespace

const Command* CommandTable::find(std::string_view name) const {
  const bool by_uid = name.starts_with(Request::uid_prefix);
  if (by_uid) name.remove_prefix(Request::uid_prefix.size());
  for (const Row& row : rows_) {
    const auto* const command = std::get_if<const Command*>(&row);
    if (command == nullptr || (*command)->name != name) continue;
    return by_uid && (*command)->variant == Variant::plain ? nullptr : *command;
  }
  return nullptr;
}

std::string CommandTable::capabilities(const Context& context, const net::Stream& stream,
                                       bool is_logged_in) const {
  const Told other = is_logged_in ? Told::before_login : Told::after_login;
  std::string text;
  for (const Row& row : rows_) {
    const Capability& capability = capability_of(row);
    if (capability.told == other) continue;
    const std::string words = capability.words_now != nullptr
                                  ? capability.words_now(context, stream)
                                  : std::string(capability.words);
    if (!text.empty() && !words.empty()) text += ' ';
    text += words;
  }
  return text;
}

}  // namespace postern::imap
