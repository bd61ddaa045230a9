// core/mail/headers.cc: the header block and its fields; see headers.h.
#include "core/mail/headers.h"

#include <algorithm>

#include "core/mail/encodings.h"

namespace postern::mail {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

/// Where the line at `at` ends, behind its CRLF.
std::size_t line_end(std::string_view text, std::size_t at) {
  const std::size_t end = text.find("\r\n", at);
  return end == std::string_view::npos ? text.size() : end + 2;
}

HeaderField make_field(std::string_view text, std::size_t begin, std::size_t end) {
  HeaderField field;
  field.begin = begin;
  field.end = end;
  std::string_view line = text.substr(begin, end - begin);
  if (line.ends_with("\r\n")) line.remove_suffix(2);
  const std::size_t colon = line.find(':');
  std::string_view name = line.substr(0, colon == std::string_view::npos ? 0 : colon);
  while (!name.empty() && is_blank(name.back())) name.remove_suffix(1);  // obsolete: RFC 5322 §4.5
  const bool is_name =
      !name.empty() && std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7f; });
  if (!is_name) {
    field.value = line;
    return field;
  }
  field.name = name;
  field.value = line.substr(colon + 1);
  while (!field.value.empty() && is_blank(field.value.front())) field.value.remove_prefix(1);
  return field;
}

}  // namespace

bool HeaderField::is(std::string_view other) const { return equal_ignoring_case(name, other); }
std::string HeaderField::unfolded() const { return unfold(value); }

HeaderBlock HeaderBlock::parse(std::string_view text) {
  HeaderBlock block;
  std::size_t at = 0;
  while (at < text.size() && !text.substr(at).starts_with("\r\n")) {
    if (at > header_size_limit || block.fields_.size() >= header_field_limit) {
      block.complete_ = false;
      const std::size_t end = text.find("\r\n\r\n", at);
      at = end == std::string_view::npos ? text.size() : end + 2;
      break;
    }
    const std::size_t begin = at;
    do {
      at = line_end(text, at);
    } while (at < text.size() && is_blank(text[at]) && at - begin <= header_size_limit);
    block.fields_.push_back(make_field(text, begin, at));
  }
  block.fields_size_ = at;
  block.text_ = text.substr(0, std::min(text.size(), at + 2));
  return block;
}

const HeaderField* HeaderBlock::find(std::string_view name) const {
  const auto found =
      std::ranges::find_if(fields_, [&](const HeaderField& field) { return field.is(name); });
  return found == fields_.end() ? nullptr : &*found;
}

std::vector<const HeaderField*> HeaderBlock::all(std::string_view name) const {
  std::vector<const HeaderField*> found;
  for (const HeaderField& field : fields_) {
    if (field.is(name)) found.push_back(&field);
  }
  return found;
}

std::optional<std::string> HeaderBlock::value(std::string_view name) const {
  const HeaderField* field = find(name);
  return field == nullptr ? std::nullopt : std::optional(field->unfolded());
}

std::size_t HeaderBlock::count(std::string_view name) const { return all(name).size(); }

bool HeaderBlock::has_malformed_line() const {
  return std::ranges::any_of(fields_, [](const HeaderField& field) { return field.name.empty(); });
}

std::string unfold(std::string_view raw) {
  std::string out;
  out.reserve(raw.size());
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] == '\r' && i + 2 < raw.size() && raw[i + 1] == '\n' && is_blank(raw[i + 2])) {
      ++i;
    } else {
      out += raw[i] == '\r' || raw[i] == '\n' || raw[i] == '\0' ? ' ' : raw[i];
    }
  }
  return std::string(trim(out));
}

std::vector<std::string> parse_message_ids(std::string_view value) {
  std::vector<std::string> ids;
  for (std::size_t at = value.find('<'); at != std::string_view::npos && ids.size() < 1000;
       at = value.find('<', at)) {
    const std::size_t end = value.find_first_of("<> \t\r\n", at + 1);
    if (end == std::string_view::npos) break;
    if (value[end] == '>' && end > at + 1) ids.emplace_back(value.substr(at, end + 1 - at));
    at = value[end] == '<' ? end : end + 1;
  }
  return ids;
}

MessageEnvelope message_envelope(const HeaderBlock& headers) {
  MessageEnvelope envelope;
  envelope.date = headers.value("Date");
  envelope.subject = headers.value("Subject");
  envelope.in_reply_to = headers.value("In-Reply-To");
  envelope.message_id = headers.value("Message-ID");
  const auto addresses = [&](std::string_view name) {
    std::vector<MailboxEntry> entries;
    for (const HeaderField* field : headers.all(name)) {
      AddressList list = parse_address_list(field->value);
      std::ranges::move(list.entries, std::back_inserter(entries));
      if (entries.size() >= address_list_limit) break;
    }
    return entries;
  };
  envelope.from = addresses("From");
  envelope.sender = addresses("Sender");
  envelope.reply_to = addresses("Reply-To");
  envelope.to = addresses("To");
  envelope.cc = addresses("Cc");
  envelope.bcc = addresses("Bcc");
  if (envelope.sender.empty()) envelope.sender = envelope.from;
  if (envelope.reply_to.empty()) envelope.reply_to = envelope.from;
  return envelope;
}

}  // namespace postern::mail
