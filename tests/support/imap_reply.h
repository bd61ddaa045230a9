// tests/support/imap_reply.h: a strict reader of what an IMAP server says.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace postern::test {

/// One response (RFC 3501 §9, `response`; RFC 4315, 4731, 5161, 6851, 7162, 9208).
struct ImapReply {
  struct Fetched {
    std::optional<std::uint32_t> uid;
    std::optional<std::set<std::string>> flags;  // in lower case
    std::optional<std::uint64_t> size, modseq;
    std::map<std::string, std::optional<std::string>> sections;  // by label: "BODY[TEXT]<0>"
  };
  std::string tag;                             // "*", "+", or the client's
  std::string name;                            // "OK", "FETCH", …; of "+": ""
  std::string code, text;                      // of OK, NO, BAD, BYE and +: code without brackets
  std::uint32_t number = 0;                    // of EXISTS, RECENT, EXPUNGE, FETCH
  std::vector<std::uint32_t> numbers;          // of SEARCH and VANISHED
  std::string mailbox;                         // of LIST, LSUB, STATUS
  std::map<std::string, std::uint64_t> items;  // of STATUS, and the numbers of ESEARCH
  std::string all;                             // ALL of ESEARCH
  Fetched fetched;
};

/// Reads a whole response, literals in place, without its last CRLF. The error says what is wrong
/// with it. Nothing is forgiven: two blanks, an empty text, a bare literal are mistakes.
std::expected<ImapReply, std::string> read_imap_reply(std::string_view bytes);

/// The length of the first whole response with its CRLF; 0 when there is none.
std::size_t imap_reply_length(std::string_view bytes);

/// "1,3:5" as numbers; none when it is no set.
std::optional<std::vector<std::uint32_t>> read_imap_set(std::string_view text);

}  // namespace postern::test
