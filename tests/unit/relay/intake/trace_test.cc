// tests/unit/relay/intake/trace_test.cc: Received, Date, Message-ID, Bcc.
#include "relay/intake/trace.h"

#include <catch2/catch.hpp>

using namespace postern;
using namespace postern::relay;

namespace {

const std::chrono::sys_seconds noon{std::chrono::seconds(1'795'000'000)};

Origin origin(Door door, const char* peer) {
  return {door,     *net::Address::parse(peer), "client.example",
          "ESMTPS", "TLSv1.3 with cipher X",    {}};
}

}  // namespace

TEST_CASE("Received tells the peer's address on port 25 and never on submission") {
  const auto recipient = *mail::EmailAddress::parse("x@b.example");
  const std::string mx =
      received_field(origin(Door::mx, "192.0.2.7:99"), "mail.b.example", "ID", recipient, noon);
  CHECK(mx.find("from client.example ([192.0.2.7])") != mx.npos);
  CHECK(mx.find("with ESMTPS id ID") != mx.npos);
  CHECK(mx.find("for <x@b.example>") != mx.npos);
  const std::string v6 = received_field(origin(Door::mx, "[2001:db8::1]:99"), "h", "ID", {}, noon);
  CHECK(v6.find("[IPv6:2001:db8::1]") != v6.npos);
  const std::string submitted =
      received_field(origin(Door::submission, "192.0.2.7:99"), "mail.b.example", "ID", {}, noon);
  CHECK(submitted.find("192.0.2.7") == submitted.npos);
  CHECK(submitted.find("client.example") == submitted.npos);
}

TEST_CASE("Received names no recipient whose address would need SMTPUTF8") {
  const auto recipient = *mail::EmailAddress::parse("j\xc3\xbcrgen@b.example");
  const std::string field =
      received_field(origin(Door::mx, "192.0.2.7:99"), "mail.b.example", "ID", recipient, noon);
  CHECK(field.find("for <") == field.npos);
  CHECK(std::ranges::all_of(field, [](char c) { return static_cast<unsigned char>(c) < 0x80; }));
}

TEST_CASE("a stranger's Return-Path goes, folds and all, and nothing else changes") {
  const auto cut = [](std::string_view text) {
    return without_return_path(mail::HeaderBlock::parse(text));
  };
  CHECK(cut("Return-Path: <x@c.example>\r\nA:  b\r\n c\r\nno field\r\nRETURN-path:\r\n"
            " <y@c.example>\r\nD : e\r\n\r\n") == "A:  b\r\n c\r\nno field\r\nD : e\r\n\r\n");
  CHECK(cut("\r\n") == "\r\n");
  CHECK(cut("A: b\r\nReturn-Path: x\r\n\r\n") == "A: b\r\n\r\n");
}

TEST_CASE("a submission gets Date and Message-ID and loses Bcc, folds and all") {
  const auto done =
      complete_header(mail::HeaderBlock::parse(
                          "From: a@b.example\r\nBCC: x@c.example,\r\n y@c.example\r\nSubject: s\r\n"
                          "Resent-Bcc: z@c.example\r\n\r\n"),
                      "<1@b.example>", noon);
  CHECK(done.starts_with("From: a@b.example\r\nSubject: s\r\nDate: "));
  CHECK(done.find("c.example") == done.npos);
  CHECK(done.ends_with("Message-ID: <1@b.example>\r\n\r\n"));
  const std::string whole = "Date: x\r\nMessage-Id: <2@b.example>\r\n\r\n";
  CHECK(complete_header(mail::HeaderBlock::parse(whole), "<1@b.example>", noon) == whole);
}

TEST_CASE("a message with more than fifty Received fields is looping") {
  std::string header;
  for (int i = 0; i < 50; ++i) header += "Received: x\r\n";
  CHECK(!is_looping(mail::HeaderBlock::parse(header + "\r\n")));
  CHECK(is_looping(mail::HeaderBlock::parse(header + "received: x\r\n\r\n")));
}
