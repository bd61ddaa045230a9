// relay/intake/trace.cc: Received, and the fields that a submission may lack.
#include "relay/intake/trace.h"

#include "core/mail/compose.h"

namespace postern::relay {
namespace {

/// "[192.0.2.7]", "[IPv6:2001:db8::1]": RFC 5321 §4.1.3.
std::string address_literal(const net::Address& peer) {
  const std::string ip = peer.ip();
  return ip.find(':') == ip.npos ? "[" + ip + "]" : "[IPv6:" + ip + "]";
}

bool reveals_client(const Origin& origin) { return origin.door != Door::submission; }

}  // namespace

bool is_looping(const mail::HeaderBlock& header) { return header.count("Received") > most_hops; }

std::string received_field(const Origin& origin, std::string_view hostname, std::string_view id,
                           const std::optional<mail::EmailAddress>& recipient,
                           std::chrono::sys_seconds now) {
  std::string field = "Received: ";
  if (reveals_client(origin)) {
    field += fmt::format("from {} ({})\r\n\t", origin.hello.empty() ? "unknown" : origin.hello,
                         address_literal(origin.peer));
  }
  field += fmt::format("by {} (postern) with {} id {}", hostname, origin.protocol, id);
  if (!origin.tls.empty()) field += fmt::format("\r\n\t(using {})", origin.tls);
  // Not a UTF-8 one: the message would need SMTPUTF8 for this field alone (RFC 6531 §3.7.3).
  if (recipient && !recipient->needs_smtputf8())
    field += fmt::format("\r\n\tfor <{}>", recipient->text());
  return field + ";\r\n\t" + mail::format_date(now) + "\r\n";
}

std::string without_return_path(const mail::HeaderBlock& header) {
  std::string out;
  std::size_t kept = 0;  // up to here
  for (const mail::HeaderField& field : header.fields()) {
    if (!field.is("Return-Path")) continue;
    out += header.text().substr(kept, field.begin - kept);
    kept = field.end;
  }
  return out.append(header.text().substr(kept));
}

std::string complete_header(const mail::HeaderBlock& header, std::string_view message_id,
                            std::chrono::sys_seconds now) {
  std::string out;
  for (const mail::HeaderField& field : header.fields()) {
    if (field.is("Bcc") || field.is("Resent-Bcc") || field.is("Return-Path")) continue;
    out += header.text().substr(field.begin, field.end - field.begin);
  }
  if (header.find("Date") == nullptr) out += "Date: " + mail::format_date(now) + "\r\n";
  if (header.find("Message-ID") == nullptr) out += fmt::format("Message-ID: {}\r\n", message_id);
  return out + "\r\n";
}

}  // namespace postern::relay
