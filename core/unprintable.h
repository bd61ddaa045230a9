// core/unprintable.h: the characters of strangers' text that must not reach a screen.
#pragma once

#include <string>
#include <string_view>

namespace postern {

// Unprintable are the controls, which move a terminal's cursor (C0, DEL, and C1, U+0080 to U+009F),
// and what turns the direction of the text around it, so that it reads as something else (U+061C,
// U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069).

/// `utf8` with a '?' for each of them.
std::string mask_unprintable(std::string_view utf8);

/// `utf8` with each as "\u202e": of a JSON text, which holds them within strings only, the same
/// JSON.
std::string escape_unprintable(std::string_view utf8);

}  // namespace postern
