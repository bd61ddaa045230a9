// message.cc: words by a generator that starts from the message's number.
#include "message.h"

#include <fmt/format.h>

#include <array>
#include <random>

namespace bench {
namespace {

std::string word(std::minstd_rand& dice) {
  constexpr std::array syllables{"ma",  "re", "ti", "no", "sel", "ka",  "vor", "lu",
                                 "den", "po", "ri", "ga", "shi", "mon", "ta",  "be"};
  std::string text;
  for (unsigned left = 2 + dice() % 2; left > 0; --left)
    text += syllables[dice() % syllables.size()];
  return text;
}

std::string prose(std::minstd_rand& dice, std::size_t size) {
  std::string text;
  std::size_t line = 0;
  while (text.size() < size) {
    const std::string next = word(dice);
    if (line + next.size() > 70) {
      text += "\r\n";
      line = 0;
    }
    text += next + " ";
    line += next.size() + 1;
  }
  return text + "\r\n";
}

}  // namespace

std::string message(unsigned number, std::size_t size) {
  std::minstd_rand dice(number + 1);
  std::string text;
  for (int hop = 3; hop > 0; --hop) {
    text += fmt::format(
        "Received: from relay{0}.{1}.example (relay{0}.{1}.example [192.0.2.{0}])\r\n"
        "\tby mx{0}.office.example with ESMTPS id {2:08x}{3:08x}\r\n"
        "\tfor <user@office.example>; Mon, 02 Mar 2026 10:1{0}:00 +0000\r\n",
        hop, word(dice), dice(), dice());
  }
  text +=
      "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=partner.example; s=p1;\r\n"
      "\th=From:To:Subject:Date:Message-ID; bh=";
  for (int i = 0; i < 40; ++i) text += static_cast<char>('a' + dice() % 26);
  text += "=;\r\n\tb=";
  for (int i = 0; i < 240; ++i) {
    if (i > 0 && i % 60 == 0) text += "\r\n\t";
    text += static_cast<char>('A' + dice() % 26);
  }
  const std::string from = word(dice);
  text += fmt::format(
      "\r\nFrom: {0} {1} <{0}.{1}@partner.example>\r\nTo: User <user@office.example>,\r\n"
      "\t{2} <{2}@office.example>\r\nCc: {3}@office.example\r\nSubject: {4} {5} {6} number {7}\r\n"
      "Date: Mon, 02 Mar 2026 10:{8:02}:{9:02} +0000\r\nMessage-ID: "
      "<{7}.{10:08x}@partner.example>\r\n"
      "In-Reply-To: <{11:08x}@office.example>\r\nMIME-Version: 1.0\r\n"
      "Content-Type: multipart/alternative; boundary=\"=_part\"\r\n\r\n",
      from, word(dice), word(dice), word(dice), word(dice), word(dice), word(dice), number,
      dice() % 60, dice() % 60, dice(), dice());
  const std::size_t rest = size > text.size() + 400 ? size - text.size() - 300 : 100;
  text += "--=_part\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + prose(dice, rest / 2);
  text +=
      "--=_part\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>\r\n" + prose(dice, rest / 2);
  return text + "</p>\r\n--=_part--\r\n";
}

}  // namespace bench
