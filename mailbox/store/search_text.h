// mailbox/store/search_text.h: what SEARCH looks through: a message as folded UTF-8 text. Pure.
#pragma once

#include <string>
#include <string_view>

namespace postern::mailbox {

/// Case folded (full Unicode folding), NUL replaced by a blank.
std::string fold_case(std::string_view utf8);

struct SearchText {
  std::string header;  // "Name: value" lines, encoded words decoded
  std::string body;    // text parts decoded, and the headers of parts; no binary attachments
};
/// Both texts folded.
SearchText search_text(std::string_view message);
/// Only the header's, given the header block.
std::string search_header_text(std::string_view header);

/// A condition in FTS5's language that holds for every text that contains the folded `needle`;
/// empty when it has less than three characters, which trigrams cannot find.
std::string trigram_query(std::string_view folded_needle);

}  // namespace postern::mailbox
