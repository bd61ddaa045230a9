// policy/sender_identity.cc: who may stand in From, Sender, Resent-From and the envelope.
#include "policy/sender_identity.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "core/mail/encodings.h"

namespace postern::policy {
namespace {

/// An address as it may stand in a reply: printable ASCII, short.
std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, 200)) out += c > ' ' && c < 0x7f ? c : '?';
  return out;
}

std::unexpected<IdentityRefusal> refuse(std::string_view field, std::string address,
                                        std::string text) {
  return std::unexpected(IdentityRefusal{std::string(field), std::move(address), std::move(text)});
}

std::unexpected<IdentityRefusal> not_yours(std::string_view field, std::string_view address) {
  std::string shown = printable(address);
  std::string text = fmt::format(
      "{} address {} is not yours; use an address of the account that you logged in with", field,
      shown);
  return refuse(field, std::move(shown), std::move(text));
}

std::expected<void, IdentityRefusal> check_field(std::string_view name,
                                                 const mail::HeaderField& field,
                                                 const MayUse& may_use) {
  const mail::AddressList list = mail::parse_address_list(field.value);
  if (!list.is_clean || list.mailbox_count() == 0 || list.mailbox_count() != list.entries.size()) {
    return refuse(name, {},
                  fmt::format("{} field must hold addresses such as Name <you@example.com>; "
                              "correct it and send again",
                              name));
  }
  for (const mail::MailboxEntry& entry : list.entries) {
    const auto address = mail::EmailAddress::parse(entry.address());
    if (!address || !may_use(*address)) return not_yours(name, entry.address());
  }
  return {};
}

}  // namespace

std::expected<void, IdentityRefusal> check_sender_identity(const mail::HeaderBlock& headers,
                                                           const MayUse& may_use) {
  if (!headers.is_complete())
    return refuse("From", {}, "Header is too large; at most 1 MiB and 10000 fields");
  // A line that is no field ends the header for some readers and not for others: a second From
  // could hide behind it.
  if (headers.has_malformed_line())
    return refuse("From", {},
                  "Header has a line that is no field (Name: value); correct it and send again");
  const auto from = headers.all("From");
  if (from.size() != 1) {
    return refuse("From", {},
                  from.empty() ? "Message has no From field; add one with your address"
                               : "Message has more than one From field; leave one");
  }
  if (mail::parse_address_list(from.front()->value).mailbox_count() > 1) {
    return refuse("From", {}, "From field has more than one address; leave one");
  }
  static constexpr std::array<std::string_view, 4> names{"From", "Sender", "Resent-From",
                                                         "Resent-Sender"};
  for (const std::string_view name : names) {
    for (const mail::HeaderField* field : headers.all(name)) {
      if (auto checked = check_field(name, *field, may_use); !checked) return checked;
    }
  }
  return {};
}

std::expected<void, IdentityRefusal> check_sender_identity(
    const mail::HeaderBlock& headers, const std::vector<mail::EmailAddress>& own) {
  return check_sender_identity(headers, [&](const mail::EmailAddress& address) {
    const std::string folded = address.folded();
    return std::ranges::any_of(
        own, [&](const mail::EmailAddress& mine) { return mine.folded() == folded; });
  });
}

std::expected<void, IdentityRefusal> check_envelope_sender(const mail::ReversePath& sender,
                                                           const MayUse& may_use) {
  if (sender && !may_use(*sender)) return not_yours("MAIL FROM", sender->text());
  return {};
}

}  // namespace postern::policy
