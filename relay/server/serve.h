// relay/server/serve.h: the gateway itself, as the command line starts it.
#pragma once

#include <filesystem>

namespace postern::relay {

/// Runs until SIGTERM or SIGINT; gives the exit status.
int serve(const std::filesystem::path& config_file);

}  // namespace postern::relay
