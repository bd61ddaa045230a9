# Files that travel inside the binary: queue/scripts/*.lua become `postern::queue::script::NAME` (std::string_view).
file(GLOB lua_scripts CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/queue/scripts/*.lua)
set(embedded ${CMAKE_BINARY_DIR}/generated/queue/scripts.h)
add_custom_command(OUTPUT ${embedded}
                   COMMAND ${CMAKE_COMMAND} -DOUTPUT=${embedded} "-DSCRIPTS=${lua_scripts}" -P ${CMAKE_SOURCE_DIR}/cmake/embed_scripts.cmake
                   DEPENDS ${lua_scripts} ${CMAKE_SOURCE_DIR}/cmake/embed_scripts.cmake VERBATIM)
add_custom_target(postern_embedded DEPENDS ${embedded})
add_dependencies(postern_queue postern_embedded)
target_include_directories(postern_queue PUBLIC ${CMAKE_BINARY_DIR}/generated)
