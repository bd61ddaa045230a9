// delivery/report/dsn.cc: composes a report: for people, for programs (RFC 3464), and the original.
#include "delivery/report/dsn.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/assert.h"
#include "core/mail/compose.h"
#include "core/mail/dot_stuffing.h"
#include "core/mail/encodings.h"
#include "core/mail/headers.h"
#include "delivery/model/sanitise.h"
#include "delivery/report/dsn_text.h"

namespace postern::delivery {
namespace {

constexpr std::size_t returned_headers_limit = 128 * 1024;

/// The machine's part: RFC 3464 §2.
std::string status_fields(const DsnInput& input) {
  std::string out;
  if (!input.options.envid.empty())
    out += mail::header_line("Original-Envelope-Id", sanitise(input.options.envid, 200));
  out += mail::header_line("Reporting-MTA", "dns; " + input.reporting_mta);
  out += mail::header_line("Arrival-Date", mail::format_date(input.arrival));
  out += mail::header_line("X-Postern-Queue-ID", input.queue_id);
  for (const DsnRecipient& recipient : input.recipients) {
    out += "\r\n";
    if (!recipient.recipient.orcpt.empty()) {
      out += mail::header_line(
          "Original-Recipient",
          sanitise(input.options.smtputf8 || mail::is_ascii(recipient.recipient.orcpt)
                       ? recipient.recipient.orcpt
                       : mail::orcpt_text(recipient.recipient.orcpt),
                   500, !input.options.smtputf8));
    }
    out +=
        mail::header_line("Final-Recipient", mail::original_recipient(recipient.recipient.address));
    out += mail::header_line("Action", telling_of(recipient.kind).action);
    out += mail::header_line("Status", status_of(recipient).text());
    if (!recipient.remote_host.empty())
      out += mail::header_line("Remote-MTA", "dns; " + sanitise(recipient.remote_host, 255));
    if (!recipient.reply.empty()) {
      out += mail::header_line("Diagnostic-Code", "smtp; " + sanitise(recipient.reply, 900));
    } else if (!recipient.reason.empty()) {
      out += mail::header_line("Diagnostic-Code", "X-Postern; " + sanitise(recipient.reason, 900));
    }
    if (recipient.last_attempt)
      out += mail::header_line("Last-Attempt-Date", mail::format_date(*recipient.last_attempt));
    if (recipient.will_retry_until && recipient.kind == DsnKind::delayed) {
      out += mail::header_line("Will-Retry-Until", mail::format_date(*recipient.will_retry_until));
    }
  }
  return out;
}

struct Part {
  std::string_view type, encoding;
  std::string body;
};

/// The original or its header, as RFC 6522 §3 has it.
Part returned_part(const DsnInput& input, const mail::HeaderBlock& headers) {
  const bool failed = std::ranges::any_of(
      input.recipients, [](const DsnRecipient& r) { return r.kind == DsnKind::failed; });
  const bool whole =
      failed && input.options.ret == mail::Ret::full &&
      input.original.size() == input.original_size && input.original_size <= input.full_limit &&
      !mail::has_long_line(input.original) && mail::has_clean_line_ends(input.original);
  const bool global = input.options.smtputf8 && !mail::is_ascii(headers.text());
  if (whole) {
    return {global ? "message/global" : "message/rfc822",
            mail::is_ascii(input.original) ? "7bit" : "8bit", std::string(input.original)};
  }
  std::string_view fields = headers.text().substr(0, headers.fields_size());
  if (fields.size() > returned_headers_limit) {
    const std::size_t end = fields.rfind("\r\n", returned_headers_limit);
    fields = fields.substr(0, end == std::string_view::npos ? returned_headers_limit : end + 2);
  }
  std::string text = mail::with_crlf(fields);
  if (mail::has_long_line(text) || text.contains('\0'))
    return {"text/rfc822-headers", "quoted-printable", mail::quoted_printable_encode(text)};
  return {global ? "message/global-headers" : "text/rfc822-headers",
          mail::is_ascii(text) ? "7bit" : "8bit", std::move(text)};
}

/// In-Reply-To and References, so that the report stands under its message in a thread (RFC 5322
/// §3.6.4).
std::string threading_fields(const mail::HeaderBlock& headers) {
  const auto usable = [](std::string_view name, const mail::HeaderBlock& block) {
    std::vector<std::string> ids = mail::parse_message_ids(block.value(name).value_or(""));
    std::erase_if(ids, [](const std::string& id) {
      return id.size() > 250 || !mail::is_ascii(id) || mail::has_control(id);
    });
    return ids;
  };
  const std::vector<std::string> own = usable("Message-ID", headers);
  if (own.empty()) return {};
  std::vector<std::string> before = usable("References", headers);
  if (before.empty()) {
    before = usable("In-Reply-To", headers);
    if (before.size() != 1) before.clear();
  }
  if (before.size() > 20) before.erase(before.begin() + 1, before.end() - 19);
  std::string references;
  for (const std::string& id : before) references += id + ' ';
  return mail::header_line("In-Reply-To", own.front()) +
         mail::header_line("References", references + own.front());
}

}  // namespace

std::string compose_dsn(const DsnInput& input) {
  POSTERN_ASSERT(!input.recipients.empty());
  const mail::HeaderBlock headers = mail::HeaderBlock::parse(input.original);
  const Telling& most = *std::ranges::find_if(tellings, [&](const Telling& telling) {
    return std::ranges::any_of(input.recipients,
                               [&](const DsnRecipient& r) { return r.kind == telling.kind; });
  });
  const Part returned = returned_part(input, headers);
  const std::string text = human_text(input, headers), status = status_fields(input);
  const bool plain = mail::is_ascii(text) && !mail::has_long_line(text);
  const bool eight_bit = returned.encoding == "8bit" || !mail::is_ascii(status);
  std::string boundary = "=_report_" + input.queue_id;
  while (returned.body.contains(boundary)) boundary += 'x';

  const std::string subject =
      sanitise(mail::decode_words(headers.value("Subject").value_or("")), 200, false);
  std::string out = mail::header_line("From", "Mail Delivery System <" + input.postmaster + '>');
  out += mail::header_line("To", '<' + input.to.text() + '>');
  out += mail::header_line(
      "Subject", mail::encode_words(fmt::format("{}: {}", most.subject,
                                                subject.empty() ? "(no subject)" : subject)));
  out += mail::header_line("Date", mail::format_date(input.now));
  out += mail::header_line("Message-ID", input.message_id);
  out += threading_fields(headers);
  out += "Auto-Submitted: auto-replied\r\n";  // RFC 3834: no vacation notice may answer
  out += "MIME-Version: 1.0\r\n";
  if (eight_bit) out += "Content-Transfer-Encoding: 8bit\r\n";
  out += fmt::format(
      "Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary=\"{}\"\r\n\r\n",
      boundary);

  out += fmt::format(
      "--{}\r\nContent-Type: text/plain; charset={}\r\nContent-Transfer-Encoding: {}\r\n\r\n{}\r\n",
      boundary, mail::is_ascii(text) ? "us-ascii" : "utf-8", plain ? "7bit" : "quoted-printable",
      plain ? text : mail::quoted_printable_encode(text));
  const bool global_status = !mail::is_ascii(status);
  out += fmt::format("--{}\r\nContent-Type: message/{}delivery-status\r\n{}\r\n{}\r\n", boundary,
                     global_status ? "global-" : "",
                     global_status ? "Content-Transfer-Encoding: 8bit\r\n" : "", status);
  out += fmt::format(
      "--{}\r\nContent-Type: {}\r\nContent-Transfer-Encoding: {}\r\n\r\n{}\r\n--{}--\r\n", boundary,
      returned.type, returned.encoding, returned.body, boundary);
  return out;
}

}  // namespace postern::delivery
