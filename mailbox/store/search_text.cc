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

SearchText search_text(std::string_view message) {
  const mail::MimeStructure structure = mail::MimeStructure::parse(message);
  SearchText text;
  text.header = search_header_text(structure.root().header.of(message));
  std::string body;
  for (const mail::MimePart& part : structure.parts) {
    if (&part != &structure.root()) body.append(decoded_header(part.header.of(message)));
    if (part.type == "text") body.append(mail::decoded_text(part, message)).append("\n");
  }
  text.body = fold_case(body);
  return text;
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
