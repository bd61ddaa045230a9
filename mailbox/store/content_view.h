// mailbox/store/content_view.h: the octets of a Content as one view, without copying a file.
#pragma once

#include <string>
#include <string_view>

#include "mailbox/store/types.h"

namespace postern::mailbox {

/// Holds the octets as long as it lives. Blocking. Throws IoError when the file cannot be read.
class ContentView {
 public:
  explicit ContentView(const Content& content);
  ~ContentView();
  ContentView(const ContentView&) = delete;
  ContentView& operator=(const ContentView&) = delete;
  std::string_view bytes() const { return bytes_; }

 private:
  void map(const Content& content);
  std::string joined_;
  void* mapping_ = nullptr;
  std::size_t mapped_ = 0;
  std::string_view bytes_;
};

}  // namespace postern::mailbox
