// core/config/toml.h: toml++, whose assertions are exceptions here.
#pragma once

#include <stdexcept>

// toml++ 3.3 takes for granted what a header such as "[{" breaks: an abort in a debug build,
// anything at all in a release. As an exception it becomes a mistake like any other.
#pragma push_macro("NDEBUG")
#undef NDEBUG
#define TOML_ASSERT(expression)                                                   \
  do {                                                                            \
    if (!(expression)) throw std::invalid_argument("broken table header or key"); \
  } while (false)
#include <toml++/toml.h>
#pragma pop_macro("NDEBUG")
