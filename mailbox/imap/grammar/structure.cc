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

std::optional<std::string_view> view(const std::optional<std::string>& text) {
  if (!text) return {};
  return *text;
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

void write_addresses(std::string& out, const std::vector<mail::MailboxEntry>& entries) {
  if (entries.empty()) {
    out += "NIL";
    return;
  }
  out += '(';
  for (const mail::MailboxEntry& entry : entries) write_address(out, entry);
  out += ')';
}

void write_envelope(std::string& out, std::string_view header) {
  const auto envelope = mail::message_envelope(mail::HeaderBlock::parse(header));
  out += '(';
  write_nstring(out, view(envelope.date));
  out += ' ';
  write_nstring(out, view(envelope.subject));
  for (const auto* list : {&envelope.from, &envelope.sender, &envelope.reply_to, &envelope.to,
                           &envelope.cc, &envelope.bcc}) {
    out += ' ';
    write_addresses(out, *list);
  }
  out += ' ';
  write_nstring(out, view(envelope.in_reply_to));
  out += ' ';
  write_nstring(out, view(envelope.message_id));
  out += ')';
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

class StructureWriter {
 public:
  StructureWriter(std::string_view message, const mail::MimeStructure& mime, bool extended)
      : message_(message), mime_(mime), extended_(extended) {}

  std::string write() {
    write_part(mime_.root());  // as deep as mime_depth_limit
    return std::move(out_);
  }

 private:
  void write_part(const mail::MimePart& part) {
    if (part.is_multipart()) return write_multipart(part);
    out_ += '(';
    // A message that is too deep to look into, or that old clients do not know, is opaque.
    const bool has_message =
        part.type == "message" && part.subtype == "rfc822" && !part.children.empty();
    const bool is_opaque =
        part.type == "message" && part.subtype == "rfc822" && part.children.empty();
    write_string(out_, is_opaque ? "application" : part.type);
    out_ += ' ';
    write_string(out_, is_opaque ? "octet-stream" : part.subtype);
    out_ += ' ';
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
    write_string(out_, part.encoding.empty() ? "7bit" : part.encoding);
    fmt::format_to(std::back_inserter(out_), " {}", part.body.size());
    if (has_message) {
      const mail::MimePart& inner = mime_.parts[part.children.front()];
      out_ += ' ';
      write_envelope(out_, inner.header.of(message_));
      out_ += ' ';
      write_part(inner);
    }
    if (has_message || part.type == "text")
      fmt::format_to(std::back_inserter(out_), " {}", part.lines);
    if (extended_) {
      out_ += ' ';
      write_nstring(out_, view(part.md5));
      write_extension(out_, part);
    }
    out_ += ')';
  }

  void write_multipart(const mail::MimePart& part) {
    out_ += '(';
    for (const std::size_t child : part.children) write_part(mime_.parts[child]);
    // The grammar wants one part at least; a multipart without any holds an empty text.
    if (part.children.empty()) {
      out_ += R"(("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0)";
      out_ += extended_ ? " NIL NIL NIL NIL)" : ")";
    }
    out_ += ' ';
    write_string(out_, part.subtype);
    if (extended_) {
      out_ += ' ';
      write_parameters(out_, part.parameters);
      write_extension(out_, part);
    }
    out_ += ')';
  }

  std::string_view message_;
  const mail::MimeStructure& mime_;
  bool extended_;
  std::string out_;
};

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
                           .body_structure = StructureWriter(message, mime, true).write(),
                           .body = StructureWriter(message, mime, false).write()};
  write_envelope(summary.envelope, mime.root().header.of(message));
  return summary;
}

std::optional<Range> find_section(std::string_view message, const Section& section) {
  const auto range =
      mail::MimeStructure::parse(message).section(section.part, mail_section(section.kind));
  if (!range) return {};
  return Range{range->begin, range->size()};
}

std::string select_fields(std::string_view header, const Section& section) {
  const bool wanted_if_named = section.kind == Section::Kind::header_fields;
  const auto is_named = [&](const mail::HeaderField& field) {
    return std::ranges::any_of(section.fields,
                               [&](const std::string& name) { return field.is(name); });
  };
  std::string chosen;
  const auto block = mail::HeaderBlock::parse(header);
  for (const mail::HeaderField& field : block.fields()) {
    if (is_named(field) == wanted_if_named)
      chosen += header.substr(field.begin, field.end - field.begin);
  }
  return chosen + "\r\n";
}

}  // namespace postern::imap
