// relay/cli/sendmail_input.cc: the message and the addresses as programs hand them to sendmail.
#include "relay/cli/sendmail_input.h"

#include <algorithm>
#include <array>

#include "core/mail/encodings.h"

namespace postern::relay {

namespace {

bool is_mbox_line(std::string_view line) {
  line.remove_prefix(std::min(line.find_first_not_of('>'), line.size()));
  return line.starts_with("From ");
}

std::vector<std::string> addresses_of(const mail::AddressList& list) {
  std::vector<std::string> all;
  for (const mail::MailboxEntry& entry : list.entries) {
    if (entry.kind == mail::MailboxEntry::Kind::mailbox) all.push_back(entry.address());
  }
  return all;
}

/// A message may begin with its text, and a line that is no field begins it, too.
std::string with_header_ended(std::string message) {
  const auto headers = mail::HeaderBlock::parse(message);
  const auto& fields = headers.fields();
  const auto text = std::ranges::find(fields, std::string_view(), &mail::HeaderField::name);
  if (text != fields.end()) {
    message.insert(text->begin, "\r\n");
  } else if (headers.size() == headers.fields_size()) {
    message += "\r\n";
  }
  return message;
}

}  // namespace

std::string read_message(std::istream& input, bool ignores_dots, std::size_t most) {
  std::string message, line;
  while (std::getline(input, line)) {
    if (line.ends_with('\r')) line.pop_back();
    if (message.empty() && is_mbox_line(line)) continue;
    if (!ignores_dots && line == ".") break;
    message += line;
    message += "\r\n";
    if (message.size() > most) break;
  }
  return message;
}

std::vector<std::string> addresses_in(const std::string& argument) {
  const auto list = mail::parse_address_list(argument, mail::BareAddress::allowed);
  auto all = addresses_of(list);
  if (!list.is_clean || all.empty()) return {argument};
  return all;
}

std::string sender_in(const std::string& argument) {
  return argument == "<>" || argument.empty() ? "" : addresses_in(argument).front();
}

std::vector<std::string> header_recipients(const mail::HeaderBlock& headers) {
  constexpr std::string_view again = "Resent-";
  const bool is_resent = std::ranges::any_of(headers.fields(), [&](const mail::HeaderField& field) {
    return mail::equal_ignoring_case(field.name.substr(0, again.size()), again);
  });
  std::vector<std::string> all;
  for (const char* name : {"To", "Cc", "Bcc"}) {
    for (const mail::HeaderField* field :
         headers.all((is_resent ? "Resent-" : "") + std::string(name))) {
      const auto list = mail::parse_address_list(field->unfolded(), mail::BareAddress::allowed);
      std::ranges::move(addresses_of(list), std::back_inserter(all));
    }
  }
  return all;
}

std::string for_submission(const std::string& message) {
  const std::string whole = with_header_ended(message);
  std::string text;
  std::size_t kept = 0;
  for (const mail::HeaderField& field : mail::HeaderBlock::parse(whole).fields()) {
    if (!field.is("Bcc") && !field.is("Resent-Bcc")) continue;
    text.append(whole, kept, field.begin - kept);
    kept = field.end;
  }
  return text.append(whole, kept);
}

}  // namespace postern::relay
