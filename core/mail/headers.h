// core/mail/headers.h: a message's header block, its fields and what stands in them (RFC 5322,
// 2047).
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern::mail {

constexpr std::size_t header_size_limit = 1024 * 1024;
constexpr std::size_t header_field_limit = 10'000;

/// One field. The views point into the text that was parsed.
struct HeaderField {
  std::string_view name;   // as written; empty for a line that is no field
  std::string_view value;  // raw: folds inside, no leading blank, no final line end
  std::size_t begin = 0;   // of the field in the parsed text
  std::size_t end = 0;     // after its CRLF

  bool is(std::string_view other) const;  // the name, in any case
  std::string unfolded()
      const;  // one line: each CRLF before a blank is dropped, blanks at the ends too
};

/// The fields of a message or part. Holds views: `text` must outlive it. Ends at the first empty
/// line, never earlier.
class HeaderBlock {
 public:
  static HeaderBlock parse(std::string_view text);

  const std::vector<HeaderField>& fields() const { return fields_; }
  const HeaderField* find(std::string_view name) const;  // the first, or null
  std::vector<const HeaderField*> all(std::string_view name) const;
  std::optional<std::string> value(std::string_view name) const;  // the first, unfolded
  std::size_t count(std::string_view name) const;
  std::string_view text() const { return text_; }           // the fields and the empty line
  std::size_t size() const { return text_.size(); }         // where the body begins
  std::size_t fields_size() const { return fields_size_; }  // without the empty line
  bool is_complete() const { return complete_; }            // within the limits above
  bool has_malformed_line() const;                          // one that is no field

 private:
  std::vector<HeaderField> fields_;
  std::string_view text_;
  std::size_t fields_size_ = 0;
  bool complete_ = true;
};

std::string unfold(std::string_view raw);

/// Encoded words (RFC 2047) to UTF-8; raw 8-bit text is guessed. The result is valid UTF-8.
std::string decode_words(std::string_view text);
/// UTF-8 as encoded words where it needs them: words of at most 75 octets, separated by single
/// blanks.
std::string encode_words(std::string_view utf8);
/// A display name (UTF-8, no controls) as plain words, a quoted string, or encoded words.
std::string encode_phrase(std::string_view name);
/// Folds a value at blanks so that no line passes 78 octets where possible; `used` octets stand
/// before it on the first line.
std::string fold(std::string_view value, std::size_t used);

/// A point in time as a header says it.
struct DateTime {
  std::chrono::sys_seconds time;
  std::chrono::minutes zone{0};  // the sender's offset from UTC
  bool operator==(const DateTime&) const = default;
};
/// RFC 5322 §3.3 with the obsolete forms of §4.3 (comments, two-digit years, zone names).
std::optional<DateTime> parse_date(std::string_view text);
std::string format_date(std::chrono::sys_seconds time,
                        std::chrono::minutes zone = std::chrono::minutes{0});

/// One entry of an address list, as IMAP's ENVELOPE wants it. Encoded words are left as they are.
struct MailboxEntry {
  enum class Kind { mailbox, group_start, group_end };
  Kind kind = Kind::mailbox;
  std::string display_name;  // unquoted; a group's name at its start; empty when there is none
  std::string route;         // "@a,@b", obsolete
  std::string local_part;    // unquoted
  std::string domain;        // as written, blanks and comments removed; empty when missing

  std::string address() const;  // local part quoted where it must be, "@", domain
};
struct AddressList {
  std::vector<MailboxEntry> entries;
  bool is_clean = true;  // all of it followed the grammar; else `entries` is the best reading
  std::size_t mailbox_count() const;
};
constexpr std::size_t address_list_limit = 10'000;
/// May an address be a local part alone ("root"), as programs of this host write it?
enum class BareAddress { wrong, allowed };
AddressList parse_address_list(std::string_view value, BareAddress bare = BareAddress::wrong);

/// Message ids of In-Reply-To, References and Message-ID, each with its brackets.
std::vector<std::string> parse_message_ids(std::string_view value);

/// The fields of IMAP's ENVELOPE (RFC 3501 §7.4.2), unfolded. Sender and Reply-To default to From.
struct MessageEnvelope {
  std::optional<std::string> date, subject, in_reply_to, message_id;
  std::vector<MailboxEntry> from, sender, reply_to, to, cc, bcc;
};
MessageEnvelope message_envelope(const HeaderBlock& headers);

}  // namespace postern::mail
