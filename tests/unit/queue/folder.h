// tests/unit/queue/folder.h: a folder that is gone after the test.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>

struct Folder {
  Folder() {
    std::string name = "/tmp/postern-queue-XXXXXX";
    path = mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path); }
  Folder(const Folder&) = delete;
  std::filesystem::path path;
};
