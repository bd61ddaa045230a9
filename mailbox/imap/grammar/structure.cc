// mailbox/imap/grammar/structure.cc: writes ENVELOPE and BODYSTRUCTURE, finds sections.
#include "mailbox/imap/grammar/structure.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/mail/encodings.h"
#include "core/mail/headers.h"
#include "core/mail/mime.h"
#include "core/percent.h"
#include "mailbox/imap/grammar/writer.h"

namespace postern::imap {
namespace {

std::optional<std::string_view> some_if(std::string_view text) {
  if (text.empty()) return {};
  return text;
}

std::optional<std::string_view> view(const std::optional<std::string>& text,
                                     std::size_t limit = std::string_view::npos) {
  if (!text) return {};
  return std::string_view(*text).substr(0, limit);
}

/// (name route mailbox host); a group begins with a NIL host and ends with NIL mailbox and host.
void write_address(std::string& out, const mail::MailboxEntry& entry) {
  using Kind = mail::MailboxEntry::Kind;
  if (entry.kind == Kind::group_end) {
    out += "(NIL NIL NIL NIL)";
    return;
  }
  out += '(';
  if (entry.kind == Kind::group_start) {
    out += "NIL NIL ";
    write_string(out, entry.display_name);
    out += " NIL)";
    return;
  }
  write_nstring(out, some_if(entry.display_name));
  out += ' ';
  write_nstring(out, some_if(entry.route));
  out += ' ';
  write_string(out, entry.local_part);
  out += ' ';
  write_string(out, entry.domain);  // never NIL, which would start a group
  out += ')';
}

/// Those that fit into `limit` octets.
void write_addresses(std::string& out, const std::vector<mail::MailboxEntry>& entries,
                     std::size_t limit) {
  using Kind = mail::MailboxEntry::Kind;
  const std::size_t begin = out.size();
  bool in_group = false;
  for (const mail::MailboxEntry& entry : entries) {
    const std::size_t before = out.size();
    if (before == begin) out += '(';
    write_address(out, entry);
    if (out.size() - begin > limit) {
      out.resize(before);
      break;
    }
    in_group = entry.kind == Kind::group_start || (in_group && entry.kind != Kind::group_end);
  }
  if (in_group) write_address(out, {.kind = Kind::group_end});
  out += out.size() == begin ? "NIL" : ")";
}

/// Each field within `limit` octets.
void write_envelope_fields(std::string& out, const mail::MessageEnvelope& envelope,
                           std::size_t limit) {
  out += '(';
  write_nstring(out, view(envelope.date, limit));
  out += ' ';
  write_nstring(out, view(envelope.subject, limit));
  for (const auto* list : {&envelope.from, &envelope.sender, &envelope.reply_to, &envelope.to,
                           &envelope.cc, &envelope.bcc}) {
    out += ' ';
    write_addresses(out, *list, limit);
  }
  out += ' ';
  write_nstring(out, view(envelope.in_reply_to, limit));
  out += ' ';
  write_nstring(out, view(envelope.message_id, limit));
  out += ')';
}

void write_envelope(std::string& out, std::string_view header) {
  const auto envelope = mail::message_envelope(mail::HeaderBlock::parse(header));
  const std::size_t begin = out.size();
  write_envelope_fields(out, envelope, std::string_view::npos);
  if (out.size() - begin <= envelope_limit) return;
  out.resize(begin);
  write_envelope_fields(out, envelope, envelope_limit / 16);
}

/// Values that are not ASCII go out in the form of RFC 2231 §4: as they came, or in their own
/// octets.
std::string extended_value(const mail::Parameter& parameter) {
  if (!parameter.extended.empty()) return parameter.extended;
  const bool is_utf8 = mail::is_valid_utf8(parameter.value);
  return (is_utf8 ? "utf-8''" : "windows-1252''") + percent_encode(parameter.value);
}

void write_parameter(std::string& out, const mail::Parameter& parameter) {
  const bool has_both = !parameter.fallback.empty() && mail::is_ascii(parameter.fallback);
  if (has_both) {
    write_string(out, parameter.name);
    out += ' ';
    write_string(out, parameter.fallback);
    out += ' ';
  }
  const bool is_plain = !has_both && mail::is_ascii(parameter.value);
  write_string(out, is_plain ? parameter.name : parameter.name + "*");
  out += ' ';
  write_string(out, is_plain ? parameter.value : extended_value(parameter));
}

void write_parameters(std::string& out, const std::vector<mail::Parameter>& parameters) {
  if (parameters.empty()) {
    out += "NIL";
    return;
  }
  for (char before = '('; const mail::Parameter& parameter : parameters) {
    out += std::exchange(before, ' ');
    write_parameter(out, parameter);
  }
  out += ')';
}

/// body-fld-dsp, body-fld-lang, body-fld-loc, each with a blank before it.
void write_extension(std::string& out, const mail::MimePart& part) {
  if (part.disposition && !part.disposition->value.empty()) {
    out += " (";
    write_string(out, part.disposition->value);
    out += ' ';
    write_parameters(out, part.disposition->parameters);
    out += ')';
  } else {
    out += " NIL";
  }
  if (part.languages.empty()) {
    out += " NIL";
  } else if (part.languages.size() == 1) {
    out += ' ';
    write_string(out, part.languages.front());
  } else {
    for (std::string_view before = " ("; const std::string& language : part.languages) {
      out += std::exchange(before, " ");
      write_string(out, language);
    }
    out += ')';
  }
  out += ' ';
  write_nstring(out, view(part.location));
}

/// How much of each part is told.
enum class Detail : std::uint8_t {
  extended,  // BODYSTRUCTURE
  basic,     // BODY
  bare,      // types, encodings, sizes and lines: what mime_part_limit bounds
};

class StructureWriter {
 public:
  StructureWriter(std::string_view message, const mail::MimeStructure& mime, Detail detail)
      : message_(message), mime_(mime), detail_(detail) {}

  /// None when it is longer than structure_limit, and there is a shorter one.
  std::optional<std::string> write() {
    write_part(mime_.root());  // as deep as mime_depth_limit
    if (is_too_long()) return {};
    return std::move(out_);
  }

 private:
  bool is_too_long() const { return detail_ != Detail::bare && out_.size() > structure_limit; }

  void write_part(const mail::MimePart& part) {
    if (is_too_long()) return;
    if (part.is_multipart()) return write_multipart(part);
    out_ += '(';
    // A message that is too deep to look into, or that old clients do not know, is opaque.
    const bool is_rfc822 = part.type == "message" && part.subtype == "rfc822";
    const bool has_message = is_rfc822 && !part.children.empty();
    const bool is_opaque = (is_rfc822 && part.children.empty()) || has_endless_type(part);
    write_string(out_, is_opaque ? "application" : part.type);
    out_ += ' ';
    write_string(out_, is_opaque ? "octet-stream" : part.subtype);
    out_ += ' ';
    write_basic_fields(part);
    fmt::format_to(std::back_inserter(out_), " {}", part.body.size());
    if (has_message) {
      const mail::MimePart& inner = mime_.parts[part.children.front()];
      out_ += ' ';
      write_inner_envelope(inner);
      out_ += ' ';
      write_part(inner);
    }
    if (has_message || (part.type == "text" && !is_opaque))
      fmt::format_to(std::back_inserter(out_), " {}", part.lines);
    if (detail_ == Detail::extended) {
      out_ += ' ';
      write_nstring(out_, view(part.md5));
      write_extension(out_, part);
    }
    out_ += ')';
  }

  /// body-fld-param, body-fld-id, body-fld-desc and body-fld-enc.
  void write_basic_fields(const mail::MimePart& part) {
    const std::string_view encoding =
        part.encoding.empty() ? "7bit" : std::string_view(part.encoding);
    if (detail_ == Detail::bare) {
      out_ += "NIL NIL NIL ";
      return write_string(out_, encoding.substr(0, longest_bare_word));
    }
    if (part.type == "text" && part.subtype == "plain" && part.parameters.empty()) {
      out_ += "(\"charset\" \"us-ascii\")";  // the default: RFC 2045 §5.2
    } else {
      write_parameters(out_, part.parameters);
    }
    out_ += ' ';
    write_nstring(out_, view(part.id));
    out_ += ' ';
    write_nstring(out_, view(part.description));
    out_ += ' ';
    write_string(out_, encoding);
  }

  void write_inner_envelope(const mail::MimePart& inner) {
    if (detail_ == Detail::bare) {
      out_ += "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)";
    } else {
      write_envelope(out_, inner.header.of(message_));
    }
  }

  bool has_endless_type(const mail::MimePart& part) const {
    return detail_ == Detail::bare &&
           std::max(part.type.size(), part.subtype.size()) > longest_bare_word;
  }

  void write_multipart(const mail::MimePart& part) {
    out_ += '(';
    for (const std::size_t child : part.children) write_part(mime_.parts[child]);
    // The grammar wants one part at least; a multipart without any holds an empty text.
    if (part.children.empty()) {
      out_ += R"(("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0)";
      out_ += detail_ == Detail::extended ? " NIL NIL NIL NIL)" : ")";
    }
    out_ += ' ';
    write_string(out_, has_endless_type(part) ? "mixed" : part.subtype);
    if (detail_ == Detail::extended) {
      out_ += ' ';
      write_parameters(out_, part.parameters);
      write_extension(out_, part);
    }
    out_ += ')';
  }

  std::string_view message_;
  const mail::MimeStructure& mime_;
  static constexpr std::size_t longest_bare_word = 127;  // RFC 6838 §4.2

  Detail detail_;
  std::string out_;
};

std::string write_structure(std::string_view message, const mail::MimeStructure& mime,
                            Detail detail) {
  if (auto text = StructureWriter(message, mime, detail).write()) return *std::move(text);
  return StructureWriter(message, mime, Detail::bare).write().value();
}

mail::Section mail_section(Section::Kind kind) {
  switch (kind) {
    case Section::Kind::whole:
      return mail::Section::body;
    case Section::Kind::text:
      return mail::Section::text;
    case Section::Kind::mime:
      return mail::Section::mime;
    case Section::Kind::header:
    case Section::Kind::header_fields:
    case Section::Kind::header_fields_not:
      break;
  }
  return mail::Section::header;
}

}  // namespace

mailbox::Summary summarise(std::string_view message) {
  const auto mime = mail::MimeStructure::parse(message);
  mailbox::Summary summary{.envelope = {},
                           .body_structure = write_structure(message, mime, Detail::extended),
                           .body = write_structure(message, mime, Detail::basic)};
  write_envelope(summary.envelope, mime.root().header.of(message));
  return summary;
}

std::optional<Range> Sections::find(const Section& section) const {
  const auto range = mime_.section(section.part, mail_section(section.kind));
  if (!range) return {};
  return Range{range->begin, range->size()};
}

std::vector<Range> choose_fields(const mail::HeaderBlock& header, const Section& section) {
  const bool wanted_if_named = section.kind == Section::Kind::header_fields;
  std::vector<std::string> wanted;
  for (const std::string& name : section.fields) wanted.push_back(mail::lower_case(name));
  std::ranges::sort(wanted);
  std::vector<Range> chosen;
  for (const mail::HeaderField& field : header.fields()) {
    // Fields times names would be felt on the loop.
    const bool is_named = std::ranges::binary_search(wanted, mail::lower_case(field.name));
    if (is_named != wanted_if_named) continue;
    const Range range{field.begin, field.end - field.begin};
    if (!chosen.empty() && chosen.back().offset + chosen.back().length == range.offset) {
      chosen.back().length += range.length;
    } else {
      chosen.push_back(range);
    }
  }
  return chosen;
}

std::string select_fields(const mail::HeaderBlock& header, const Section& section) {
  std::string chosen;
  for (const Range& range : choose_fields(header, section))
    chosen += header.text().substr(range.offset, range.length);
  return chosen + "\r\n";
}

}  // namespace postern::imap
