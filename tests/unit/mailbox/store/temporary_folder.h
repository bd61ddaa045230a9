// tests/unit/mailbox/store/temporary_folder.h: a folder that is gone when the test is over.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>

struct TemporaryFolder {
  TemporaryFolder() {
    char name[] = "/tmp/postern-mailbox-XXXXXX";
    path = ::mkdtemp(name);
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::string path;
};
