// relay/api/local_message.cc: domains for bare addresses, and a From where there is none.
#include "relay/api/local_message.h"

#include <algorithm>
#include <array>
#include <optional>

#include "core/mail/headers.h"

namespace postern::http {

namespace {

constexpr std::array<std::string_view, 10> fields_with_addresses{
    "From",        "Sender",        "Reply-To",  "To",        "Cc",
    "Resent-From", "Resent-Sender", "Resent-To", "Resent-Cc", "Resent-Reply-To"};

std::string person_text(std::string_view name, const std::string& address) {
  std::string text = mail::decode_words(name);
  std::ranges::replace_if(
      text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; }, ' ');
  return text.empty() ? address : mail::encode_phrase(text) + " <" + address + ">";
}

/// The field anew, if one of its addresses has no domain and all of them can be read.
std::optional<std::string> completed(const mail::HeaderField& field, std::string_view hostname) {
  if (std::ranges::none_of(fields_with_addresses, [&](auto name) { return field.is(name); }))
    return {};
  auto list = mail::parse_address_list(field.value, mail::BareAddress::allowed);
  const bool has_bare = std::ranges::any_of(list.entries, [](const mail::MailboxEntry& entry) {
    return entry.kind == mail::MailboxEntry::Kind::mailbox && entry.domain.empty();
  });
  if (!has_bare || !list.is_clean || list.mailbox_count() != list.entries.size()) return {};
  std::string value;
  for (mail::MailboxEntry& entry : list.entries) {
    if (entry.domain.empty()) entry.domain = hostname;
    value += (value.empty() ? "" : ", ") + person_text(entry.display_name, entry.address());
  }
  return mail::header_line(field.name, value);
}

}  // namespace

std::expected<mail::EmailAddress, SyntaxError> complete_address(std::string_view text,
                                                                std::string_view hostname) {
  const auto list = mail::parse_address_list(text, mail::BareAddress::allowed);
  const bool is_bare = list.is_clean && list.entries.size() == 1 && list.mailbox_count() == 1 &&
                       list.entries.front().domain.empty();
  if (!is_bare) return mail::EmailAddress::parse(text);
  return mail::EmailAddress::parse(list.entries.front().address() + "@" + std::string(hostname));
}

std::string complete_message(std::string_view message, std::string_view hostname,
                             const mail::Person& author) {
  const auto header = mail::HeaderBlock::parse(message);
  std::string text;
  if (header.find("From") == nullptr) {
    text = mail::header_line("From", person_text(author.name, author.address.text()));
  }
  std::size_t kept = 0;
  for (const mail::HeaderField& field : header.fields()) {
    const auto whole = completed(field, hostname);
    if (!whole) continue;
    text.append(message, kept, field.begin - kept).append(*whole);
    kept = field.end;
  }
  return text.append(message, kept);
}

}  // namespace postern::http
