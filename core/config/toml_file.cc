// core/config/toml_file.cc: stands between toml++ and text that is not TOML.
#include "core/config/toml_file.h"

#include <cerrno>
#include <fstream>

#include "core/config/plain_toml.h"

namespace postern::config {

namespace {

constexpr std::size_t largest_file = 4 << 20;

/// On one line: toml++ quotes what it stumbled over.
std::string one_line(std::string_view text) {
  std::string line(text);
  std::ranges::replace_if(
      line, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }, ' ');
  return line;
}

std::unexpected<ConfigError> error_at(const Path& file, unsigned line, std::string text) {
  return std::unexpected(ConfigError{file.string(), line, std::move(text)});
}

}  // namespace

std::expected<std::string, ConfigError> read_file(const Path& file) {
  std::error_code code;
  if (std::filesystem::is_directory(file, code)) {
    return error_at(file, 0, "is a folder, must be a file");
  }
  std::ifstream stream(file, std::ios::binary);
  if (!stream) {
    return error_at(file, 0, std::string("cannot be read: ") + std::strerror(errno));
  }
  std::string text(largest_file + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > largest_file) return error_at(file, 0, "is over 4 MiB");
  return text;
}

std::expected<toml::table, ConfigError> parse_toml(std::string_view text, const Path& file) {
  if (const auto line = misplaced_character(text)) {
    return error_at(file, *line, "not TOML: what is not ASCII belongs in single or double quotes");
  }
  try {
    return toml::parse(text, file.string());
  } catch (const toml::parse_error& error) {
    return error_at(file, error.source().begin.line, "not TOML: " + one_line(error.description()));
  } catch (const std::invalid_argument& error) {
    return error_at(file, 0, std::string("not TOML: ") + error.what());
  }
}

}  // namespace postern::config
