// tests/fuzz/mime_fuzz.cc: the parts of a message: ranges nest, every part can be reached, limits
// hold.
#include "core/mail/mime.h"

#include <cstdint>
#include <string>
#include <string_view>

#include "core/assert.h"

using namespace postern;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const mail::MimeStructure structure = mail::MimeStructure::parse(input);
  POSTERN_ASSERT(!structure.parts.empty() && structure.parts.size() <= 2 * mail::mime_part_limit);
  for (std::size_t i = 0; i < structure.parts.size(); ++i) {
    const mail::MimePart& part = structure.parts[i];
    POSTERN_ASSERT(part.header.begin <= part.header.end && part.header.end <= part.body.begin);
    POSTERN_ASSERT(part.body.begin <= part.body.end && part.body.end <= input.size());
    POSTERN_ASSERT(part.lines <= part.body.size());
    POSTERN_ASSERT(part.depth <= mail::mime_depth_limit + 1);
    POSTERN_ASSERT(!part.is_multipart() || !part.children.empty());
    POSTERN_ASSERT(!part.is_message() || part.children.size() == 1);
    if (i != 0) {
      const mail::MimePart& parent = structure.parts[part.parent];
      POSTERN_ASSERT(part.parent < i && part.depth == parent.depth + 1);
      POSTERN_ASSERT(part.header.begin >= parent.body.begin && part.body.end <= parent.body.end);
    }
    (void)part.filename();
    (void)mail::decoded_text(part, input, 4096);
  }
  (void)structure.section({}, mail::Section::text);
  (void)mail::parse_parameterised(input);
  return 0;
}
