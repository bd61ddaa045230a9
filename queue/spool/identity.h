// queue/spool/identity.h: which spool a folder is: what the queue knows it by. All of it blocks:
// use `offload`.
#pragma once

#include <filesystem>
#include <string>

namespace postern::queue {

/// Empty: it has none. An empty mount point has none, nor has another node's own folder ours.
std::string spool_identity(const std::filesystem::path& spool);

/// Gives the spool an identity unless it has one, makes the folder if need be, and returns what it
/// has. It lies in an extended attribute of the folder or, where the file system has none, in
/// `.identity` inside it. Throws IoError.
std::string mark_spool(const std::filesystem::path& spool, const std::string& proposed);

}  // namespace postern::queue
