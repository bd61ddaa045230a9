// core/mail/compose.h: builds messages (RFC 5322, MIME). Whatever goes in, no field can escape into
// another.
#pragma once

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/mail/address.h"

namespace postern::mail {

/// A name and an address: `Ann Example <ann@example.com>`.
struct Person {
  std::string name;  // UTF-8, may be empty
  EmailAddress address;
};

struct Attachment {
  std::string file_name;  // UTF-8, may be empty
  std::string content_type = "application/octet-stream";
  std::string content;
  std::string content_id;  // not empty: shown inside of the HTML, as cid:ID
};

/// Builds one message. Every setter refuses control characters (and text that is not UTF-8); the
/// first mistake is what build() gives.
class Composer {
 public:
  Composer& from(std::vector<Person> people);
  Composer& sender(Person person);
  Composer& reply_to(std::vector<Person> people);
  Composer& to(std::vector<Person> people);
  Composer& cc(std::vector<Person> people);
  Composer& subject(std::string_view text);
  Composer& date(std::chrono::sys_seconds time);
  Composer& message_id(std::string_view id);  // with brackets
  Composer& in_reply_to(std::string_view ids);
  Composer& references(std::string_view ids);
  /// Any other field; unstructured text. Fields with a setter above and Content-* and MIME-* are
  /// refused.
  Composer& field(std::string_view name, std::string_view text);
  Composer& text(std::string utf8);  // any line ends
  Composer& html(std::string utf8);
  Composer& attach(Attachment attachment);

  /// The message, CRLF only, 7-bit but for UTF-8 local parts. `unique` names the boundaries: any
  /// word that is unique, such as the queue id.
  std::expected<std::string, SyntaxError> build(std::string_view unique) const;

 private:
  void refuse(std::string text);
  Composer& people(std::string_view name, const std::vector<Person>& list);
  Composer& raw(std::string_view name, std::string_view value, std::string_view what);

  std::string header_;
  std::optional<std::string> text_, html_;
  std::vector<Attachment> attachments_;
  std::optional<SyntaxError> error_;
};

/// A new Message-ID, `<random.time@domain>`.
std::string new_message_id(std::string_view domain);
/// "Name: value CRLF", folded; for values that are ready to send. Used for trace fields.
std::string header_line(std::string_view name, std::string_view value);

}  // namespace postern::mail
