// Messages for hosts without 8BITMIME.
#include "core/mail/seven_bit.h"

#include <catch2/catch.hpp>

#include "core/mail/dot_stuffing.h"
#include "core/mail/encodings.h"
#include "core/mail/headers.h"
#include "core/mail/mime.h"

using namespace postern::mail;

TEST_CASE("an 8-bit message says the same in 7 bit") {
  const std::string message = with_crlf(
      "From: \"J\xc3\xb6rg, X\" <j@b.example>\n"
      "To: Gruppe \xc3\xa4: a@b.example, B <b@b\xc3\xbc"
      "cher.example>;\n"
      "Subject: Gr\xc3\xbc\xc3\x9f"
      "e\n"
      "Content-Transfer-Encoding: 8bit\n"
      "Content-Type: multipart/mixed; boundary=b\n\n"
      "pre\xc3\xa4\n"
      "--b\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: "
      "8bit\n\nHall\xc3\xb6\n.\n"
      "--b\nContent-Type: application/octet-stream\nContent-Transfer-Encoding: binary\n\n\xff\xfe\n"
      "--b\nContent-Type: text/plain\nContent-Transfer-Encoding: 8bit\n\nplain\n"
      "--b\nContent-Type: message/rfc822\nContent-Transfer-Encoding: 8bit\n\nSubject: in\n\n\xe4\n"
      "--b--\n");
  CHECK(needs_eight_bit(message));
  const auto seven = to_seven_bit(message);
  REQUIRE(seven.has_value());
  INFO(*seven);
  CHECK(is_ascii(*seven));
  CHECK(has_clean_line_ends(*seven));
  CHECK_FALSE(needs_eight_bit(*seven));
  const HeaderBlock headers = HeaderBlock::parse(*seven);
  CHECK(decode_words(*headers.value("Subject")) ==
        "Gr\xc3\xbc\xc3\x9f"
        "e");
  CHECK(headers.value("Content-Transfer-Encoding") == "7bit");
  const MessageEnvelope envelope = message_envelope(headers);
  CHECK(decode_words(envelope.from.front().display_name) == "J\xc3\xb6rg, X");
  REQUIRE(envelope.to.size() == 4);
  CHECK(envelope.to[2].domain == "xn--bcher-kva.example");
  const MimeStructure structure = MimeStructure::parse(*seven);
  const auto text = [&](std::initializer_list<std::uint32_t> numbers) {
    return decoded_text(*structure.find(std::vector<std::uint32_t>(numbers)), *seven);
  };
  CHECK(text({1}) == "Hall\xc3\xb6\r\n.");
  CHECK(decode_transfer("base64", structure.find(std::vector<std::uint32_t>{2})->body.of(*seven)) ==
        "\xff\xfe");
  CHECK(text({3}) == "plain");
  CHECK(structure.find(std::vector<std::uint32_t>{3})->encoding == "7bit");
  const MimePart& inner = *structure.find(std::vector<std::uint32_t>{4, 1});
  CHECK(inner.encoding == "quoted-printable");
  CHECK(*inner.parameter("charset") == "unknown-8bit");
  CHECK(inner.body.of(*seven) == "=E4");
}

TEST_CASE("a 7-bit message stays octet for octet") {
  const std::string message =
      "Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\nend";
  CHECK_FALSE(needs_eight_bit(message));
  CHECK(to_seven_bit(message) == message);
}

TEST_CASE("a message older than MIME learns to say what it is") {
  const auto seven = to_seven_bit("Subject: x\r\n\r\nHall\xc3\xb6\r\n");
  CHECK(*seven ==
        "Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; "
        "charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nHall=C3=B6\r\n");
}

TEST_CASE("an address outside of ASCII cannot be converted") {
  CHECK_FALSE(to_seven_bit("From: j\xc3\xb6rg@b.example\r\n\r\nx\r\n").has_value());
}

TEST_CASE("a body with a line over 998 octets says the same in short lines") {
  const std::string line(3000, 'x');
  const auto seven = to_seven_bit("Subject: x\r\nContent-Type: text/html\r\n\r\n" + line + "\r\n");
  REQUIRE(seven.has_value());
  CHECK_FALSE(has_long_line(*seven));
  const HeaderBlock headers = HeaderBlock::parse(*seven);
  CHECK(headers.value("Content-Transfer-Encoding") == "quoted-printable");
  CHECK(decode_transfer("quoted-printable",
                        std::string_view(*seven).substr(headers.text().size())) == line + "\r\n");
}
