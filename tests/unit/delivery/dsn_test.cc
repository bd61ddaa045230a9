// Delivery reports: what machines read, what people read, and what strangers cannot put into them.
#include "delivery/report/dsn.h"

#include <catch2/catch.hpp>

#include "core/mail/dot_stuffing.h"
#include "core/mail/encodings.h"
#include "core/mail/headers.h"
#include "core/mail/mime.h"
#include "delivery/model/sanitise.h"

using namespace postern;
using namespace postern::delivery;

namespace {

const std::string original = mail::with_crlf(R"(From: Ann <ann@b.example>
To: bob@y.example
Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=
Date: Tue, 1 Jul 2003 10:52:37 +0200
Message-ID: <m1@b.example>
References: <m0@b.example>

The body
)");

mail::EmailAddress address(std::string_view text) { return *mail::EmailAddress::parse(text); }

DsnInput input(DsnKind kind) {
  const std::chrono::sys_seconds now(std::chrono::seconds(1'600'000'000));
  DsnInput in{.reporting_mta = "mx.b.example",
              .postmaster = "postmaster@b.example",
              .to = address("ann@b.example"),
              .message_id = "<dsn.1@mx.b.example>",
              .queue_id = "0123456789ABC",
              .options = {.envid = "env1"},
              .arrival = now - std::chrono::hours(1),
              .now = now};
  in.recipients.push_back(
      {.recipient = {.address = address("bob@y.example"), .orcpt = "rfc822;Bob@y.example"},
       .kind = kind,
       .status = {5, 1, 1},
       .reply = "550 5.1.1 No such\r\nuser\x01 here",
       .remote_host = "mx.y.example",
       .last_attempt = now});
  in.original = original;
  in.original_size = original.size();
  return in;
}

struct Report {
  std::string text;
  mail::MimeStructure structure;
  std::string part(std::uint32_t number) const {
    const mail::MimePart* found = structure.find(std::vector<std::uint32_t>{number});
    return found == nullptr ? "NIL" : mail::decoded_text(*found, text);
  }
};
Report compose(const DsnInput& in) {
  std::string text = compose_dsn(in);
  mail::MimeStructure structure = mail::MimeStructure::parse(text);
  CHECK(mail::has_clean_line_ends(text));
  CHECK(structure.root().subtype == "report");
  CHECK(structure.root().children.size() == 3);
  return {std::move(text), std::move(structure)};
}

}  // namespace

TEST_CASE("a failure report says what RFC 3464 wants") {
  const Report report = compose(input(DsnKind::failed));
  const mail::HeaderBlock headers = mail::HeaderBlock::parse(report.text);
  CHECK(headers.value("To") == "<ann@b.example>");
  CHECK(mail::decode_words(*headers.value("Subject")) ==
        "Not delivered: Gr\xc3\xbc\xc3\x9f"
        "e");
  CHECK(headers.value("In-Reply-To") == "<m1@b.example>");
  CHECK(headers.value("References") == "<m0@b.example> <m1@b.example>");
  CHECK(headers.value("Auto-Submitted") == "auto-replied");
  CHECK(*report.structure.root().parameter("report-type") == "delivery-status");
  const mail::MimePart& status = *report.structure.find(std::vector<std::uint32_t>{2});
  CHECK(status.type + '/' + status.subtype == "message/delivery-status");
  CHECK(report.part(2) ==
        "Original-Envelope-Id: env1\r\nReporting-MTA: dns; mx.b.example\r\nArrival-Date: Sun, 13 "
        "Sep 2020 11:26:40 +0000\r\n"
        "X-Postern-Queue-ID: 0123456789ABC\r\n\r\nOriginal-Recipient: "
        "rfc822;Bob@y.example\r\nFinal-Recipient: rfc822;bob@y.example\r\nAction: failed\r\n"
        "Status: 5.1.1\r\nRemote-MTA: dns; mx.y.example\r\nDiagnostic-Code: smtp; 550 5.1.1 No "
        "such user here\r\n"
        "Last-Attempt-Date: Sun, 13 Sep 2020 12:26:40 +0000\r\n");
}

TEST_CASE("a person reads who, why and what now") {
  const std::string text = compose(input(DsnKind::failed)).part(1);
  INFO(text);
  CHECK(text.contains("could not be delivered to:\r\n\r\n  bob@y.example"));
  CHECK(text.contains("The server mx.y.example said: 550 5.1.1 No such user here"));
  CHECK(text.contains("There is no such mailbox."));
  CHECK(
      text.contains("Gr\xc3\xbc\xc3\x9f"
                    "e"));
  CHECK(text.contains("postmaster@b.example"));
  DsnInput delayed = input(DsnKind::delayed);
  delayed.recipients[0].will_retry_until = delayed.now + std::chrono::hours(24);
  const Report report = compose(delayed);
  CHECK(report.part(1).contains("nothing that you need to do"));
  CHECK(report.part(2).contains("Action: delayed\r\n"));
  CHECK(report.part(2).contains("Will-Retry-Until: Mon, 14 Sep 2020 12:26:40 +0000\r\n"));
}

TEST_CASE("RET decides how much of the original comes back, and only a failure returns all") {
  DsnInput in = input(DsnKind::failed);
  const auto third = [&](const DsnInput& i) {
    const Report report = compose(i);
    const mail::MimePart& part = *report.structure.find(std::vector<std::uint32_t>{3});
    return std::pair(part.type + '/' + part.subtype, std::string(part.body.of(report.text)));
  };
  const std::string header = original.substr(0, original.find("\r\n\r\n") + 2);
  CHECK(third(in) == std::pair(std::string("text/rfc822-headers"), header));
  in.options.ret = mail::Ret::headers;
  CHECK(third(in).first == "text/rfc822-headers");
  in.options.ret = mail::Ret::full;
  CHECK(third(in) == std::pair(std::string("message/rfc822"), original));
  in.full_limit = 10;
  CHECK(third(in).first == "text/rfc822-headers");
  in = input(DsnKind::delivered);
  in.options.ret = mail::Ret::full;
  CHECK(third(in).first == "text/rfc822-headers");
  in = input(DsnKind::failed);
  in.options.ret = mail::Ret::full;
  in.original = std::string_view(original).substr(0, header.size() + 2);
  CHECK(third(in).first == "text/rfc822-headers");
}

TEST_CASE("kinds without a status get that of their class") {
  for (const auto& [kind, action, status] : {std::tuple(DsnKind::failed, "failed", "5.0.0"),
                                             std::tuple(DsnKind::delayed, "delayed", "4.0.0"),
                                             std::tuple(DsnKind::delivered, "delivered", "2.0.0"),
                                             std::tuple(DsnKind::relayed, "relayed", "2.0.0"),
                                             std::tuple(DsnKind::expanded, "expanded", "2.0.0")}) {
    DsnInput in = input(kind);
    in.recipients[0].status = {};
    in.recipients[0].reply.clear();
    in.recipients[0].reason = "no host answered";
    const std::string part = compose(in).part(2);
    CHECK(part.contains(std::string("Action: ") + action + "\r\nStatus: " + status + "\r\n"));
    CHECK(part.contains("Diagnostic-Code: X-Postern; no host answered\r\n"));
  }
}

TEST_CASE("no stranger's text breaks out of its place") {
  DsnInput in = input(DsnKind::failed);
  in.recipients[0].reply =
      "550 a\r\n\r\n--=_report_0123456789ABC--\r\nBcc: x@y.example \xff\x1b[31m" +
      std::string(5000, 'x');
  in.recipients[0].remote_host = "evil\r\nX: 1";
  in.options.envid = "e\r\nX: 1";
  const std::string hostile =
      "Subject: a\r\n --=_report_0123456789ABC\r\nMessage-ID: "
      "<a\x01@b>\r\n\r\n--=_report_0123456789ABC--\r\n";
  in.original = hostile;
  in.original_size = hostile.size();
  in.options.ret = mail::Ret::full;
  const Report report = compose(in);
  CHECK_FALSE(report.text.contains('\x1b'));
  CHECK_FALSE(report.text.contains("\r\nBcc:"));
  CHECK_FALSE(report.text.contains("\r\nX: 1"));
  CHECK_FALSE(report.text.contains("In-Reply-To"));
  for (std::size_t begin = 0; begin < report.text.size();) {
    const std::size_t end = report.text.find("\r\n", begin);
    CHECK(end - begin <= 998);
    begin = end + 2;
  }
}

TEST_CASE("an 8-bit original and an international recipient keep their letters") {
  const std::string utf8 =
      "Subject: Gr\xc3\xbc\xc3\x9f"
      "e\r\nMessage-ID: <a@b>\r\n\r\nx\r\n";
  DsnInput in = input(DsnKind::failed);
  in.original = utf8;
  in.original_size = utf8.size();
  CHECK(mail::HeaderBlock::parse(compose(in).text).value("Content-Transfer-Encoding") == "8bit");
  in.options.smtputf8 = true;
  in.recipients[0].recipient = {.address = address("j\xc3\xb6rg@y.example"),
                                .orcpt = "utf-8;j\xc3\xb6rg@y.example"};
  const Report report = compose(in);
  CHECK(report.structure.find(std::vector<std::uint32_t>{2})->subtype == "global-delivery-status");
  CHECK(report.part(2).contains("Final-Recipient: utf-8;j\xc3\xb6rg@y.example\r\n"));
  CHECK(report.structure.find(std::vector<std::uint32_t>{3})->subtype == "global-headers");
}

TEST_CASE("remote text is made safe to show") {
  CHECK(sanitise("  550 a\r\n\tb \x07 c\x7f") == "550 a b c");
  CHECK(sanitise("\xc3\xa4") == "??");
  CHECK(sanitise("\xc3\xa4\xe4", 1000, false) == "\xc3\x83\xc2\xa4\xc3\xa4");
  CHECK(sanitise("\xc3\xa4\xc2\x9b", 1000, false) == "\xc3\xa4?");
  CHECK(sanitise("abcdef", 3) == "abc");
  CHECK(sanitise("ab\xc3\xa4", 3, false) == "ab");
  CHECK(sanitise("") == "");
}
