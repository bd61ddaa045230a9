// relay/cli/validators.cc: what CLI11 asks of the values of options.
#include "relay/cli/validators.h"

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

#include "core/number.h"

namespace postern::relay {

CLI::Validator not_empty() {
  const auto check = [](std::string& value) {
    return std::string(value.empty() ? "is empty; give a value, or leave it out" : "");
  };
  return {check, ""};
}

CLI::Validator from_one() {
  const auto check = [](std::string& value) {
    const bool is_one = parse_number<std::uint64_t>(value).value_or(0) > 0;
    return is_one ? std::string() : "\"" + value + "\" is no whole number from 1 on";
  };
  return {check, ""};
}

}  // namespace postern::relay
