// tests/fuzz/smtp_model.h: SMTP as its RFCs tell it, in a few lines and without the code under
// test: reads what a client sent and what it was told, and says which messages were taken.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/assert.h"

namespace postern::fuzz {

struct SmtpReply {
  int code = 0;
  std::vector<std::string> lines;  ///< without the code
};

/// Checks every line (RFC 5321 §4.2.1): a code, then a blank or a hyphen, printable ASCII, at most
/// 512 octets, CRLF.
inline std::vector<SmtpReply> parse_replies(std::string_view said) {
  std::vector<SmtpReply> all;
  bool goes_on = false;
  while (!said.empty()) {
    const std::size_t end = said.find("\r\n");
    POSTERN_ASSERT(end != said.npos && end <= 510 && end >= 4);
    const std::string_view line = said.substr(0, end);
    said.remove_prefix(end + 2);
    for (const char c : line) POSTERN_ASSERT(c >= ' ' && c <= '~');
    POSTERN_ASSERT(line[0] >= '2' && line[0] <= '5');
    POSTERN_ASSERT(line[1] >= '0' && line[1] <= '9' && line[2] >= '0' && line[2] <= '9');
    POSTERN_ASSERT(line[3] == ' ' || line[3] == '-');
    const int code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
    if (!goes_on) all.push_back({code, {}});
    POSTERN_ASSERT(all.back().code == code);
    all.back().lines.emplace_back(line.substr(4));
    goes_on = line[3] == '-';
  }
  POSTERN_ASSERT(!goes_on);
  return all;
}

struct ModelMessage {
  std::size_t recipients = 0;
  std::string content;
};

class SmtpModel {
 public:
  enum class Door { mx, submission, lmtp };
  struct Limits {
    std::size_t message_size, errors, errors_of_known, overshoot, logins;
  };

  SmtpModel(Door door, Limits limits, std::string_view sent, std::vector<SmtpReply> replies)
      : door_(door), limits_(limits), sent_(sent), replies_(std::move(replies)) {}

  /// The messages that the replies acknowledge. Aborts where replies and commands do not match.
  std::vector<ModelMessage> run() {
    POSTERN_ASSERT(take().code == 220);
    while (!over_) {
      const auto line = next_line();
      if (!line) break;
      obey(*line);
    }
    POSTERN_ASSERT(next_ == replies_.size());  // not one too many
    return std::move(taken_);
  }

 private:
  static std::string upper(std::string_view text) {
    std::string out(text);
    for (char& c : out) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    return out;
  }
  static std::vector<std::string> words(std::string_view line) {
    std::vector<std::string> all;
    for (std::size_t at = 0; at < line.size();) {
      const std::size_t begin = line.find_first_not_of(" \t", at);
      if (begin == line.npos) break;
      const std::size_t end = std::min(line.find_first_of(" \t", begin), line.size());
      all.push_back(upper(line.substr(begin, end - begin)));
      at = end;
    }
    return all;
  }
  std::optional<std::string_view> next_line() {
    const std::size_t end = sent_.find("\r\n", at_);
    if (end == sent_.npos) return {};
    const std::string_view line = sent_.substr(at_, end - at_);
    at_ = end + 2;
    return line;
  }
  const SmtpReply& take() {
    POSTERN_ASSERT(next_ < replies_.size());
    const SmtpReply& reply = replies_[next_++];
    if (reply.code == 221 || reply.code == 421) over_ = true;
    return reply;
  }
  /// The last reply to a command: a client that has made too many mistakes hears one more, unless
  /// the command `ends` the conversation by itself.
  const SmtpReply& conclude(bool ends = false, bool is_rcpt = false) {
    const SmtpReply& reply = take();
    over_ = over_ || ends;
    if (is_rcpt && reply.code == 452) ++over_limit_;
    const bool is_put_off = is_rcpt && reply.code < 500 && over_limit_ <= limits_.overshoot;
    const std::size_t most = is_logged_in_ ? limits_.errors_of_known : limits_.errors;
    if (reply.code >= 400 && !is_put_off && ++errors_ >= most && !over_) {
      POSTERN_ASSERT(take().code == 421);
    }
    return reply;
  }
  /// RFC 2034: every reply has a status of its class, but for those to EHLO and before a message.
  static void check_status(const SmtpReply& reply) {
    for (const std::string& line : reply.lines) {
      POSTERN_ASSERT(line.size() > 5 && line[0] - '0' == reply.code / 100 && line[1] == '.');
    }
  }

  void obey(std::string_view line) {
    // A verb begins the line: " QUIT" is none.
    const std::string verb = upper(line.substr(0, line.find_first_of(" \t")));
    const bool is_too_long = line.size() + 2 > 12'288 || (line.size() > 2'048 && verb != "AUTH");
    if (is_too_long) {
      POSTERN_ASSERT(replies_.at(next_).code == 500);
      conclude(verb == "BDAT");  // its octets cannot be told from commands
    } else if (verb == "BDAT") {
      bdat(words(line.substr(4)));
    } else if (verb == "DATA") {
      data();
    } else if (verb == "AUTH") {
      auth();
    } else {
      simple(verb);
    }
  }

  void simple(const std::string& verb) {
    const SmtpReply& reply = conclude(false, verb == "RCPT");
    const bool is_hello = verb == "EHLO" || verb == "HELO" || verb == "LHLO";
    if (!is_hello || reply.code != 250) check_status(reply);
    if (reply.code != 250) return;
    if (is_hello) is_greeted_ = true;
    if (is_hello || verb == "RSET") reset();
    if (verb == "MAIL") {
      POSTERN_ASSERT(is_greeted_ && (door_ != Door::submission || is_logged_in_));
      POSTERN_ASSERT(!has_sender_);
      reset();
      has_sender_ = true;
    }
    if (verb == "RCPT") {
      POSTERN_ASSERT(has_sender_);
      ++recipients_;
    }
  }

  void auth() {
    while (take().code == 334) {
      if (!next_line()) return;  // the client has left instead
    }
    --next_;
    over_ = false;
    if (replies_[next_].code == 535) ++failed_logins_;
    const SmtpReply& reply = conclude(failed_logins_ >= limits_.logins);
    check_status(reply);
    if (reply.code == 235) {
      POSTERN_ASSERT(door_ == Door::submission && !is_logged_in_);
      is_logged_in_ = true;
    }
  }

  void data() {
    if (replies_.at(next_).code != 354) return check_status(conclude());
    take();
    POSTERN_ASSERT(recipients_ > 0 && !is_chunking_);
    // The CRLF before the dot may be the command's own.
    const std::size_t dot = sent_.find("\r\n.\r\n", at_ - 2);
    if (dot == sent_.npos) {
      at_ = sent_.size();
      return;
    }
    const std::string_view raw = sent_.substr(at_, dot + 2 - at_);
    at_ = dot + 5;
    chunks_.clear();
    for (std::size_t begin = 0; begin < raw.size();) {
      const std::size_t end = raw.find("\r\n", begin) + 2;
      std::string_view line = raw.substr(begin, end - begin);
      if (line.starts_with('.')) line.remove_prefix(1);
      chunks_ += line;
      begin = end;
    }
    finish_message();
  }

  void bdat(const std::vector<std::string>& arguments) {
    const bool is_number = !arguments.empty() && arguments[0].size() <= 19 &&
                           arguments[0].find_first_not_of("0123456789") == std::string::npos;
    const bool is_last = arguments.size() == 2 && arguments[1] == "LAST";
    if (!is_number || (arguments.size() > 1 && !is_last)) {
      POSTERN_ASSERT(conclude(true).code == 501);
      return;
    }
    const auto size = std::stoull(arguments[0]);
    if (size > sent_.size() - at_) {
      at_ = sent_.size();
      return;
    }
    const std::string_view octets = sent_.substr(at_, size);
    at_ += size;
    if (recipients_ == 0 || is_refused_) {
      const SmtpReply& reply = conclude();
      POSTERN_ASSERT(reply.code == 503 || reply.code == 530);
      return check_status(reply);
    }
    is_chunking_ = true;
    chunks_ += octets;
    if (is_last) return finish_message();
    is_refused_ = chunks_.size() > limits_.message_size;
    const SmtpReply& reply = conclude();
    POSTERN_ASSERT(reply.code == (is_refused_ ? 552 : 250));
    check_status(reply);
  }

  void finish_message() {
    bool has_bare = false;
    std::string content;
    for (std::size_t i = 0; i < chunks_.size(); ++i) {
      if (chunks_.compare(i, 2, "\r\n") == 0) {
        content += "\r\n";
        ++i;
      } else if (chunks_[i] == '\r' || chunks_[i] == '\n') {
        has_bare = true;
        content += "\r\n";
      } else {
        content += chunks_[i];
      }
    }
    if (!content.empty() && !content.ends_with("\r\n")) content += "\r\n";
    int due = 250;
    if (has_bare && door_ == Door::mx) due = 550;
    if (chunks_.size() > limits_.message_size) due = 552;
    const std::size_t count = door_ == Door::lmtp ? recipients_ : 1;
    if (due == 250) errors_ = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const SmtpReply& reply = i + 1 < count ? take() : conclude();
      POSTERN_ASSERT(reply.code == due);
      check_status(reply);
    }
    if (due == 250) taken_.push_back({recipients_, content});
    reset();
  }

  void reset() {
    recipients_ = over_limit_ = 0;
    has_sender_ = is_chunking_ = is_refused_ = false;
    chunks_.clear();
  }

  const Door door_;
  const Limits limits_;
  const std::string_view sent_;
  const std::vector<SmtpReply> replies_;
  std::size_t at_ = 0, next_ = 0;
  bool over_ = false;
  std::size_t errors_ = 0, failed_logins_ = 0;
  bool is_greeted_ = false, is_logged_in_ = false, has_sender_ = false;
  std::size_t recipients_ = 0, over_limit_ = 0;
  bool is_chunking_ = false, is_refused_ = false;
  std::string chunks_;
  std::vector<ModelMessage> taken_;
};

}  // namespace postern::fuzz
