// core/net/input_buffer.h: what has come over a stream and is not consumed yet.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace postern::net {

/// Plaintext for one reader. Views into it stay valid until its next read: what arrives while he
/// does not wait lies aside. Owns no memory when empty.
class InputBuffer {
 public:
  struct Line {
    std::string_view text;  ///< without its CRLF; empty when too long
    bool too_long = false;
  };

  /// Where arriving octets are appended.
  std::string& place(bool reader_waits) { return reader_waits ? text_ : late_; }
  /// The reader reads again: what lies aside joins the rest.
  void merge_late();
  /// Frees what is consumed.
  void compact();

  /// The next line, when it is complete. Only CRLF ends one (RFC 5321 §2.3.8). One of more than
  /// `limit` octets, with its CRLF, is dropped while it arrives.
  std::optional<Line> take_line(std::size_t limit);
  /// 1 to `limit` octets, when there are any.
  std::optional<std::string_view> take_some(std::size_t limit);
  void consume(std::size_t octets);
  /// Whether there is something that no earlier call has told of.
  bool has_news();

  std::string_view unread() const { return std::string_view(text_).substr(begin_); }
  bool is_empty() const { return begin_ == text_.size() && late_.empty(); }

  /// Drops what the reader could have seen, not what came after his last read.
  void forget_read();
  /// Leaves nothing here.
  std::string take_all();
  /// Ready for another reader, to whom all is news.
  void start_over();

 private:
  void drop_unfinished_line();

  std::string text_;         ///< the octets before `begin_` are consumed
  std::string late_;         ///< what arrived while nobody waited
  std::size_t begin_ = 0;    ///< where unread input starts
  std::size_t scanned_ = 0;  ///< no line ends before this
  std::size_t seen_ = 0;     ///< has_news has told of what stands before this
  bool dropping_ = false;    ///< inside a line that is too long
};

}  // namespace postern::net
