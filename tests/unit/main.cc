// tests/unit/main.cc: the entry point of every unit test executable.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
