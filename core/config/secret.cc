// core/config/secret.cc: takes the first line of a file.
#include "core/config/secret.h"

#include <cerrno>
#include <fstream>

#include "core/config/reader.h"
#include "core/error.h"

namespace postern::config {

std::string read_secret(const Path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw IoError(file.string() + " cannot be read: " + std::strerror(errno));
  std::array<char, 4097> buffer{};
  stream.read(buffer.data(), buffer.size());
  std::string_view text(buffer.data(), static_cast<std::size_t>(stream.gcount()));
  text = text.substr(0, text.find('\n'));
  if (text.ends_with('\r')) text.remove_suffix(1);
  if (text.size() > 4096) throw IoError(file.string() + ": its first line is over 4096 octets");
  return std::string(text);
}

void check_secret(Section& section, std::string_view key, const Path& file) {
  if (file.empty()) return;
  try {
    if (!read_secret(file).empty()) return;
    section.mistake(key, std::string(key) + ": the first line of " + file.string() + " is empty");
  } catch (const IoError& error) {
    section.mistake(key, std::string(key) + ": " + error.what());
  }
}

}  // namespace postern::config
