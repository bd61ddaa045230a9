// relay/main.cc: the entry point.
#include "relay/cli/commands.h"

int main(int argc, char** argv) { return postern::relay::run_command_line(argc, argv); }
