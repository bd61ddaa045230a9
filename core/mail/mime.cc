// core/mail/mime.cc: finds the parts of a message in one pass over its lines; see mime.h.
#include "core/mail/mime.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "core/mail/charset.h"
#include "core/mail/encodings.h"
#include "core/mail/headers.h"

namespace postern::mail {
namespace {

constexpr std::size_t boundary_limit = 250;  // RFC 2046 says 70; some write more

/// Reads the Content fields of a part's header into it. `in_digest`: its default is message/rfc822
/// (RFC 2046 §5.1.5).
void read_fields(const HeaderBlock& headers, bool in_digest, MimePart& part) {
  if (in_digest) {
    part.type = "message";
    part.subtype = "rfc822";
  }
  if (const HeaderField* field = headers.find("Content-Type")) {
    ParameterisedValue type = parse_parameterised(field->value);
    const std::size_t slash = type.value.find('/');
    if (slash != std::string::npos && slash > 0 && slash + 1 < type.value.size()) {
      part.type = type.value.substr(0, slash);
      part.subtype = type.value.substr(slash + 1);
      part.parameters = std::move(type.parameters);
    }
  }
  if (const HeaderField* field = headers.find("Content-Transfer-Encoding")) {
    std::string encoding = parse_parameterised(field->value).value;
    if (!encoding.empty()) part.encoding = std::move(encoding);
  }
  if (const HeaderField* field = headers.find("Content-Disposition")) {
    ParameterisedValue disposition = parse_parameterised(field->value);
    if (!disposition.value.empty()) part.disposition = std::move(disposition);
  }
  if (const HeaderField* field = headers.find("Content-Language")) {
    const std::string all = field->unfolded();
    for (std::size_t begin = 0; begin <= all.size() && part.languages.size() < 100;) {
      const std::size_t end = std::min(all.find(',', begin), all.size());
      std::string tag = unfold(std::string_view(all).substr(begin, end - begin));
      if (!tag.empty()) part.languages.push_back(std::move(tag));
      begin = end + 1;
    }
  }
  part.id = headers.value("Content-ID");
  part.description = headers.value("Content-Description");
  part.md5 = headers.value("Content-MD5");
  part.location = headers.value("Content-Location");
}

/// The state of the one pass: the parts that are open at this line, outermost first.
class Walk {
 public:
  explicit Walk(std::string_view text) : text_(text) {}

  MimeStructure run() && {
    begin_part(0, 0, false);
    while (at_ < text_.size()) {
      const std::size_t begin = at_;
      const std::string_view line = next_line();
      if (line.starts_with("--") && is_boundary(line.substr(2), begin)) continue;
      if (in_header_ && line.empty()) end_header(at_, at_);
    }
    while (in_header_) end_header(at_, at_);
    close_from(0, at_, lines_);
    fill_empty_multiparts();
    return std::move(result_);
  }

 private:
  struct Open {
    std::size_t part;
    std::uint64_t first_line;  // of its body
    std::string boundary;      // of a multipart whose end has not been seen
  };

  std::vector<MimePart>& parts() { return result_.parts; }

  /// The line at at_, without its CRLF; at_ moves behind it.
  std::string_view next_line() {
    const std::size_t begin = at_;
    const std::size_t end = text_.find("\r\n", begin);
    at_ = end == std::string_view::npos ? text_.size() : end + 2;
    lines_ += end != std::string_view::npos;
    return text_.substr(begin, std::min(end, text_.size()) - begin);
  }

  void begin_part(std::size_t parent, std::size_t begin, bool in_digest) {
    MimePart part;
    part.parent = parent;
    part.depth = parts().empty() ? 0 : parts()[parent].depth + 1;
    part.header = {begin, begin};
    const std::size_t index = parts().size();
    if (index != 0) parts()[parent].children.push_back(index);
    parts().push_back(std::move(part));
    open_.push_back({index, 0, {}});
    in_digest_ = in_digest;
    in_header_ = true;
  }

  /// The header of the innermost part ends at `end`, its body begins at `body`.
  void end_header(std::size_t end, std::size_t body) {
    in_header_ = false;
    Open& open = open_.back();
    MimePart& part = parts()[open.part];
    part.header.end = end;
    part.body = {body, body};
    open.first_line = lines_;
    const HeaderBlock headers = HeaderBlock::parse(part.header.of(text_));
    if (!headers.is_complete()) result_.is_complete = false;
    read_fields(headers, in_digest_, part);
    if (!part.is_multipart() && !part.is_message()) return;
    if (part.depth >= mime_depth_limit || parts().size() >= mime_part_limit) {
      give_up(part);
    } else if (part.is_message()) {
      begin_part(open.part, body, false);
    } else if (const std::string* boundary = part.parameter("boundary");
               boundary != nullptr && !boundary->empty()) {
      open.boundary = boundary->substr(0, boundary_limit);
      while (open.boundary.ends_with(' ')) open.boundary.pop_back();
      boundaries_[open.boundary].push_back(open_.size() - 1);
    }
  }

  void give_up(MimePart& part) {
    result_.is_complete = false;
    part.type = "application";
    part.subtype = "octet-stream";
    part.parameters.clear();
  }

  /// `line` stood behind "--" at `begin`. Whole lines are compared, but for blanks at the end.
  bool is_boundary(std::string_view line, std::size_t begin) {
    if (line.size() > boundary_limit + 100) return false;
    while (line.ends_with(' ') || line.ends_with('\t')) line.remove_suffix(1);
    bool last = false;
    auto found = boundaries_.find(std::string(line));
    if (found == boundaries_.end() && line.ends_with("--")) {
      last = true;
      line.remove_suffix(2);
      while (line.ends_with(' ')) line.remove_suffix(1);
      found = boundaries_.find(std::string(line));
    }
    if (found == boundaries_.end()) return false;
    const std::size_t level = found->second.back();
    if (in_header_) end_header_early(begin);
    const std::uint64_t lines_before =
        lines_ - (at_ > begin && text_.substr(begin, at_ - begin).ends_with("\r\n") ? 1 : 0);
    close_from(level + 1, begin, lines_before);
    if (last) {
      forget(level);
    } else if (parts().size() >= mime_part_limit) {
      result_.is_complete = false;
      forget(level);
    } else {
      const MimePart& parent = parts()[open_[level].part];
      begin_part(open_[level].part, at_, parent.subtype == "digest");
    }
    return true;
  }

  /// A boundary where a header was expected to end: the part has no body. A message inside of it
  /// has none either.
  void end_header_early(std::size_t begin) {
    while (in_header_) end_header(begin, begin);
  }

  void forget(std::size_t level) {
    std::string& boundary = open_[level].boundary;
    if (boundary.empty()) return;
    const auto found = boundaries_.find(boundary);
    std::erase(found->second, level);
    if (found->second.empty()) boundaries_.erase(found);
    boundary.clear();
  }

  /// The parts from `level` inwards end before the boundary at `end`: the CRLF before it is the
  /// boundary's, even where an inner part took it for its header's end.
  void close_from(std::size_t level, std::size_t end, std::uint64_t lines) {
    if (open_.size() <= level) return;
    const bool has_crlf = level > 0 && end >= parts()[open_[level].part].body.begin + 2 &&
                          text_.substr(end - 2, 2) == "\r\n";
    const std::size_t limit = has_crlf ? end - 2 : end;
    while (open_.size() > level) {
      MimePart& part = parts()[open_.back().part];
      part.header = {std::min(part.header.begin, limit), std::min(part.header.end, limit)};
      part.body = {std::min(part.body.begin, limit), limit};
      part.lines = part.body.size() == 0 ? 0 : lines - open_.back().first_line - (has_crlf ? 1 : 0);
      forget(open_.size() - 1);
      open_.pop_back();
    }
  }

  void fill_empty_multiparts() {
    const std::size_t count = parts().size();
    for (std::size_t i = 0; i < count; ++i) {
      if (!parts()[i].is_multipart() || !parts()[i].children.empty()) continue;
      MimePart empty;
      empty.parent = i;
      empty.depth = parts()[i].depth + 1;
      empty.header = empty.body = {parts()[i].body.end, parts()[i].body.end};
      parts()[i].children.push_back(parts().size());
      parts().push_back(std::move(empty));
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::uint64_t lines_ = 0;
  bool in_header_ = false, in_digest_ = false;
  std::vector<Open> open_;
  std::unordered_map<std::string, std::vector<std::size_t>>
      boundaries_;  // to the levels that use it, innermost last
  MimeStructure result_;
};

}  // namespace

const std::string* MimePart::parameter(std::string_view name) const {
  const auto found = std::ranges::find(parameters, name, &Parameter::name);
  return found == parameters.end() ? nullptr : &found->value;
}

std::string MimePart::filename() const {
  const std::string* name = disposition ? disposition->find("filename") : nullptr;
  if (name == nullptr) name = parameter("name");
  return name == nullptr ? std::string() : decode_words(*name);
}

MimeStructure MimeStructure::parse(std::string_view message) { return Walk(message).run(); }

const MimePart* MimeStructure::find(std::span<const std::uint32_t> numbers) const {
  const MimePart* part = nullptr;
  for (const std::uint32_t number : numbers) {
    // Whose parts are counted here: 2.1 of a message/rfc822 at 2 is the first part of the message
    // inside.
    const bool whole_message = part == nullptr || part->is_message();
    const MimePart* entity = part == nullptr      ? &root()
                             : part->is_message() ? &parts[part->children.front()]
                                                  : part;
    if (entity->is_multipart()) {
      if (number == 0 || number > entity->children.size()) return nullptr;
      part = &parts[entity->children[number - 1]];
    } else if (whole_message && number == 1) {
      part = entity;  // a message without parts is its own part 1
    } else {
      return nullptr;
    }
  }
  if (part == nullptr) part = &root();
  return part;
}

std::optional<ByteRange> MimeStructure::section(std::span<const std::uint32_t> numbers,
                                                Section section) const {
  const MimePart* part = find(numbers);
  if (part == nullptr) return std::nullopt;
  if (numbers.empty()) {
    switch (section) {
      case Section::body:
        return ByteRange{part->header.begin, part->body.end};
      case Section::header:
        return part->header;
      case Section::text:
        return part->body;
      case Section::mime:
        return std::nullopt;
    }
  }
  if (section == Section::body) return part->body;
  if (section == Section::mime) return part->header;
  if (!part->is_message()) return std::nullopt;
  const MimePart& inner = parts[part->children.front()];
  return section == Section::header ? inner.header : inner.body;
}

std::string decoded_text(const MimePart& part, std::string_view message, std::size_t limit) {
  const std::string bytes = decode_transfer(part.encoding, part.body.of(message).substr(0, limit));
  const std::string* charset = part.parameter("charset");
  if (charset == nullptr) return guess_utf8(bytes);
  return to_utf8(*charset, bytes).value_or(guess_utf8(bytes));
}

}  // namespace postern::mail
