# Writes OUTPUT, a header with one raw string literal for each of SCRIPTS.
set(text "// Generated from queue/scripts/*.lua.\n#pragma once\n\n#include <string_view>\n\nnamespace postern::queue::script {\n")
foreach(file ${SCRIPTS})
  get_filename_component(name ${file} NAME_WE)
  file(READ ${file} content)
  string(APPEND text "inline constexpr std::string_view ${name} = R\"lua(${content})lua\";\n")
endforeach()
string(APPEND text "}  // namespace postern::queue::script\n")
file(WRITE ${OUTPUT} "${text}")
