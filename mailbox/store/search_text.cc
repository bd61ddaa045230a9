// mailbox/store/search_text.cc: decoding a message for SEARCH, and asking the trigram index.
#include "mailbox/store/search_text.h"

#include <unicode/unistr.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <vector>

#include "core/mail/headers.h"
#include "core/mail/mime.h"

namespace postern::mailbox {

namespace {

constexpr std::size_t trigram_limit = 24;  // in one query; hits are verified anyway

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

std::string decoded_header(std::string_view header) {
  std::string text;
  const mail::HeaderBlock block = mail::HeaderBlock::parse(header);
  for (const mail::HeaderField& field : block.fields()) {
    text.append(field.name).append(": ").append(mail::decode_words(field.unfolded())).append("\n");
  }
  return text;
}

std::string written(const mail::MailboxEntry& entry) {
  using Kind = mail::MailboxEntry::Kind;
  if (entry.kind == Kind::group_end) return "; ";
  const std::string name = mail::decode_words(entry.display_name);
  if (entry.kind == Kind::group_start) return name + ": ";
  const std::string host = entry.domain.empty() ? "" : "@" + entry.domain;
  const std::string route = entry.route.empty() ? "" : entry.route + ":";
  return name + (name.empty() ? "<" : " <") + route + entry.local_part + host + ">, ";
}

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80;
}

}  // namespace

std::string fold_case(std::string_view utf8) {
  std::string folded;
  if (is_ascii(utf8)) {
    folded.assign(utf8);
    for (char& c : folded) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
    }
  } else {
    const auto size = static_cast<std::int32_t>(std::min<std::size_t>(utf8.size(), 0x3FFFFFFF));
    icu::UnicodeString::fromUTF8({utf8.data(), size}).foldCase().toUTF8String(folded);
  }
  std::ranges::replace(folded, '\0', ' ');
  return folded;
}

std::string search_header_text(std::string_view header) {
  return fold_case(decoded_header(header));
}

SearchText search_text(std::string_view message, std::size_t enough) {
  const mail::MimeStructure structure = mail::MimeStructure::parse(message);
  SearchText text;
  text.header = search_header_text(structure.root().header.of(message));
  std::string body;
  for (const mail::MimePart& part : structure.parts) {
    if (body.size() >= enough) break;
    if (&part != &structure.root()) body.append(decoded_header(part.header.of(message)));
    if (part.type == "text") body.append(mail::decoded_text(part, message)).append("\n");
  }
  text.body = fold_case(body);
  return text;
}

std::string search_address_text(std::string_view value) {
  std::string text;
  for (const mail::MailboxEntry& entry : mail::parse_address_list(value).entries)
    text += written(entry);
  return fold_case(text);
}

std::string longest_word(std::string_view folded) {
  std::string_view longest;
  for (auto at = folded.begin(); at != folded.end();) {
    const auto begin = std::find_if(at, folded.end(), is_letter_or_digit);
    at = std::find_if_not(begin, folded.end(), is_letter_or_digit);
    if (static_cast<std::size_t>(at - begin) > longest.size()) longest = {begin, at};
  }
  return std::string(longest);
}

std::string trigram_query(std::string_view folded_needle) {
  std::vector<std::size_t> starts;  // of each code point, and the end
  const auto length = static_cast<std::int32_t>(folded_needle.size());
  for (std::int32_t at = 0; at < length;) {
    starts.push_back(static_cast<std::size_t>(at));
    U8_FWD_1(folded_needle.data(), at, length);
  }
  starts.push_back(folded_needle.size());
  std::string query;
  for (std::size_t i = 0; i + 3 < starts.size() && i < trigram_limit; ++i) {
    if (!query.empty()) query += " AND ";
    query += '"';
    for (const char c : folded_needle.substr(starts[i], starts[i + 3] - starts[i])) {
      query.append(c == '"' ? 2 : 1, c);
    }
    query += '"';
  }
  return query;
}

}  // namespace postern::mailbox
