# Every library that postern stands on, as one target. All are Debian 12 packages.
find_package(PkgConfig REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(Threads REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED)
pkg_check_modules(EXTERNAL REQUIRED IMPORTED_TARGET
                  libuv libcares hiredis sqlite3 spdlog fmt libidn2 icu-uc)
find_path(TOMLPLUSPLUS_INCLUDE toml++/toml.h REQUIRED)
find_path(CLI11_INCLUDE CLI/CLI.hpp REQUIRED)

add_library(postern_external INTERFACE)
target_link_libraries(postern_external INTERFACE PkgConfig::EXTERNAL OpenSSL::SSL OpenSSL::Crypto Threads::Threads
                      nlohmann_json::nlohmann_json prometheus-cpp::core crypt resolv)
