// mailbox/store/search_text.h: what SEARCH looks through: a message as folded UTF-8 text. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace postern::mailbox {

/// Case folded (full Unicode folding), NUL replaced by a blank.
std::string fold_case(std::string_view utf8);

struct SearchText {
  std::string header;  // "Name: value" lines, encoded words decoded
  std::string body;    // text parts decoded, and the headers of parts; no binary attachments
};
/// Both texts folded. Of the body, whole parts until it has `enough` octets.
SearchText search_text(std::string_view message, std::size_t enough = SIZE_MAX);
/// Only the header's, given the header block.
std::string search_header_text(std::string_view header);

/// What FROM, TO, CC and BCC look through (RFC 3501 §6.4.4): the addresses of a field's value as
/// ENVELOPE has them, without quotes and comments: "Ann Lee <@route:ann@office.example>, …", and
/// groups as "Friends: …;".
std::string search_address_text(std::string_view value);

/// The longest run of letters and digits.
std::string longest_word(std::string_view folded);

/// A condition in FTS5's language that holds for every text that contains the folded `needle`;
/// empty when it has less than three characters, which trigrams cannot find.
std::string trigram_query(std::string_view folded_needle);

}  // namespace postern::mailbox
