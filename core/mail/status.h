// core/mail/status.h: enhanced status codes (RFC 3463), "5.1.1".
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace postern::mail {

/// class.subject.detail. The default is 0.0.0, "none given".
struct StatusCode {
  std::uint16_t klass = 0;  // 2 success, 4 temporary, 5 permanent
  std::uint16_t subject = 0;
  std::uint16_t detail = 0;

  /// Exactly a code: "5.1.1".
  static std::optional<StatusCode> parse(std::string_view text);
  /// The code that `text` begins with, when a blank or the end follows: "5.1.1 No such user".
  static std::optional<StatusCode> at_start(std::string_view text);
  /// The code of a reply: that at its text's start when its class fits the reply code (250, 450,
  /// 550), else x.0.0.
  static StatusCode of_reply(int reply_code, std::string_view reply_text);

  std::string text() const;
  bool is_given() const { return klass != 0; }
  bool is_success() const { return klass == 2; }
  bool is_permanent() const { return klass == 5; }
  auto operator<=>(const StatusCode&) const = default;
};

}  // namespace postern::mail
