// delivery/dsn.cc: see dsn.h.
#include "delivery/dsn.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "core/assert.h"
#include "core/mail/charset.h"
#include "core/mail/compose.h"
#include "core/mail/dot_stuffing.h"
#include "core/mail/encodings.h"
#include "core/mail/headers.h"

namespace postern::delivery {
namespace {

constexpr std::size_t returned_headers_limit = 128 * 1024;
constexpr std::size_t line_limit = 998;  // RFC 5322 §2.1.1
constexpr std::size_t listed_limit =
    50;  // recipients spelled out for people; the status part has all of them

/// How each kind is told, in the order of how much it matters to the sender.
struct Telling {
  DsnKind kind;
  std::string_view action;  // RFC 3464 §2.3.3
  std::string_view subject;
  std::string_view sentence;
  std::uint16_t klass;
};
constexpr std::array tellings{
    Telling{DsnKind::failed, "failed", "Not delivered", "It could not be delivered to:", 5},
    Telling{DsnKind::delayed, "delayed", "Delayed",
            "It has not been delivered yet, and is being tried again, to:", 4},
    Telling{DsnKind::delivered, "delivered", "Delivered", "It was delivered to:", 2},
    Telling{DsnKind::relayed, "relayed", "Passed on",
            "It was passed on to a server that sends no further reports, for:", 2},
    Telling{DsnKind::expanded, "expanded", "Delivered",
            "It was delivered to the list or alias, which passes it on:", 2},
};

const Telling& telling_of(DsnKind kind) {
  return *std::ranges::find(tellings, kind, &Telling::kind);
}

/// What a person can do about it, by subject and detail (RFC 3463 §3).
struct Advice {
  std::uint16_t subject, detail;
  std::string_view text;
};
constexpr std::array advices{
    Advice{1, 1, "There is no such mailbox. Check the part of the address before the @."},
    Advice{1, 2, "There is no such mail domain. Check the part of the address behind the @."},
    Advice{1, 3, "The address is not written as mail addresses are. Check it."},
    Advice{1, 10,
           "This domain states that it takes no mail. Check the part of the address behind the @."},
    Advice{2, 1, "The mailbox is disabled. Reach the recipient by other means."},
    Advice{
        2, 2,
        "The recipient's mailbox is full. Try again later, or reach the recipient by other means."},
    Advice{2, 3,
           "The message is larger than the recipient takes. Send a smaller one, or share the file "
           "in another way."},
    Advice{3, 4,
           "The message is larger than the recipient's server takes. Send a smaller one, or share "
           "the file in another way."},
    Advice{4, 1, "The recipient's server did not answer."},
    Advice{4, 4, "No server that takes mail for this domain could be found."},
    Advice{4, 6,
           "The message went round in a loop. The administrators of the servers must mend that."},
    Advice{4, 7,
           "The recipient's server could not be reached, or did not take the message, in all of "
           "the time that we tried."},
    Advice{7, 1, "The recipient's server does not take this message from you."},
};

mail::StatusCode status_of(const DsnRecipient& recipient) {
  if (recipient.status.is_given()) return recipient.status;
  return {telling_of(recipient.kind).klass, 0, 0};
}

std::string_view advice_for(const DsnRecipient& recipient) {
  if (recipient.kind != DsnKind::failed) return {};
  const mail::StatusCode status = status_of(recipient);
  for (const Advice& advice : advices) {
    if (advice.subject == status.subject && advice.detail == status.detail) return advice.text;
  }
  return {};
}

/// `text` in lines of at most 74 columns, each after `indent`.
std::string wrapped(std::string_view text, std::string_view indent) {
  std::string out;
  std::size_t column = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    const std::string_view word = text.substr(begin, end - begin);
    if (column == 0) {
      out += indent;
      column = indent.size();
    } else if (column + 1 + word.size() > 74) {
      out += fmt::format("\r\n{}", indent);
      column = indent.size();
    } else {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
    begin = end + 1;
  }
  return out + "\r\n";
}

std::string describe(const DsnRecipient& recipient) {
  std::string out =
      fmt::format("  {}\r\n", sanitise(recipient.recipient.address.text(), 320, false));
  if (!recipient.reply.empty()) {
    const std::string who = recipient.remote_host.empty()
                                ? "The server"
                                : "The server " + sanitise(recipient.remote_host, 255);
    out += wrapped(who + " said: " + sanitise(recipient.reply, 1000, false), "      ");
  } else if (!recipient.reason.empty()) {
    out += wrapped(sanitise(recipient.reason, 1000, false), "      ");
  }
  if (const std::string_view advice = advice_for(recipient); !advice.empty())
    out += wrapped(advice, "      ");
  if (recipient.will_retry_until && recipient.kind == DsnKind::delayed) {
    out += wrapped(
        "It will be tried again until " + mail::format_date(*recipient.will_retry_until) + '.',
        "      ");
  }
  return out;
}

std::string human_text(const DsnInput& input, const mail::HeaderBlock& headers) {
  std::string out = wrapped(fmt::format("This is the mail system at {}.", input.reporting_mta), "");
  const std::string subject =
      sanitise(mail::decode_words(headers.value("Subject").value_or("")), 300, false);
  const std::string date = sanitise(headers.value("Date").value_or(""), 60);
  out += "\r\n" +
         wrapped(fmt::format("This is about your message{}{}.", date.empty() ? "" : " of " + date,
                             subject.empty() ? " without a subject"
                                             : " with the subject \"" + subject + '"'),
                 "");
  for (const Telling& telling : tellings) {
    std::size_t count = 0;
    for (const DsnRecipient& recipient : input.recipients) {
      if (recipient.kind != telling.kind) continue;
      if (count++ == 0) out += fmt::format("\r\n{}\r\n\r\n", telling.sentence);
      if (count <= listed_limit) out += describe(recipient);
    }
    if (count > listed_limit) out += fmt::format("  and {} more\r\n", count - listed_limit);
    if (count > 0 && telling.kind == DsnKind::failed)
      out +=
          "\r\n" + wrapped("It will not be tried again; you would have to send it once more.", "");
    if (count > 0 && telling.kind == DsnKind::delayed)
      out += "\r\n" + wrapped(
                          "There is nothing that you need to do now. You will hear again if it "
                          "fails in the end.",
                          "");
  }
  out += "\r\n" + wrapped(fmt::format("For help write to {}, and name this message as {}.",
                                      input.postmaster, input.queue_id),
                          "");
  return out;
}

std::string typed_address(const mail::EmailAddress& address) {
  return (address.needs_smtputf8() ? "utf-8;" : "rfc822;") + address.text();
}

/// The machine's part: RFC 3464 §2.
std::string status_fields(const DsnInput& input) {
  std::string out;
  if (!input.envid.empty())
    out += mail::header_line("Original-Envelope-Id", sanitise(input.envid, 200));
  out += mail::header_line("Reporting-MTA", "dns; " + input.reporting_mta);
  out += mail::header_line("Arrival-Date", mail::format_date(input.arrival));
  out += mail::header_line("X-Postern-Queue-ID", input.queue_id);
  for (const DsnRecipient& recipient : input.recipients) {
    out += "\r\n";
    if (!recipient.recipient.orcpt.empty()) {
      out += mail::header_line("Original-Recipient",
                               sanitise(input.smtputf8 || mail::is_ascii(recipient.recipient.orcpt)
                                            ? recipient.recipient.orcpt
                                            : mail::orcpt_text(recipient.recipient.orcpt),
                                        500, !input.smtputf8));
    }
    out += mail::header_line("Final-Recipient", typed_address(recipient.recipient.address));
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

bool has_long_line(std::string_view text) {
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find("\r\n", begin), text.size());
    if (end - begin > line_limit) return true;
    begin = end + 2;
  }
  return false;
}

struct Part {
  std::string_view type, encoding;
  std::string body;
};

/// The original or its header, as RFC 6522 §3 has it.
Part returned_part(const DsnInput& input, const mail::HeaderBlock& headers) {
  const bool failed = std::ranges::any_of(
      input.recipients, [](const DsnRecipient& r) { return r.kind == DsnKind::failed; });
  const bool whole = failed && input.ret == mail::Ret::full &&
                     input.original.size() == input.original_size &&
                     input.original_size <= input.full_limit && !has_long_line(input.original) &&
                     mail::has_clean_line_ends(input.original);
  const bool global = input.smtputf8 && !mail::is_ascii(headers.text());
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
  if (has_long_line(text) || text.contains('\0'))
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

std::string sanitise(std::string_view text, std::size_t limit, bool ascii_only) {
  const std::string utf8 = ascii_only ? std::string() : mail::guess_utf8(text.substr(0, limit * 2));
  std::string out;
  bool blank = false;
  for (const char c : ascii_only ? text : std::string_view(utf8)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= ' ' || byte == 0x7f) {
      blank = !out.empty();
      continue;
    }
    if (out.size() + (blank ? 2 : 1) > limit) break;
    if (std::exchange(blank, false)) out += ' ';
    out += ascii_only && byte >= 0x80 ? '?' : c;
  }
  // U+0080 to U+009F are controls, too; and a character may have been cut at the end.
  for (std::size_t i = 0; i + 1 < out.size(); ++i) {
    if (out[i] == '\xc2' && static_cast<unsigned char>(out[i + 1]) < 0xa0) out.replace(i, 2, "?");
  }
  while (!ascii_only && !out.empty() && !mail::is_valid_utf8(out)) out.pop_back();
  return out;
}

std::string compose_dsn(const DsnInput& input) {
  POSTERN_ASSERT(!input.recipients.empty());
  const mail::HeaderBlock headers = mail::HeaderBlock::parse(input.original);
  const Telling& most = *std::ranges::find_if(tellings, [&](const Telling& telling) {
    return std::ranges::any_of(input.recipients,
                               [&](const DsnRecipient& r) { return r.kind == telling.kind; });
  });
  const Part returned = returned_part(input, headers);
  const std::string text = human_text(input, headers), status = status_fields(input);
  const bool plain = mail::is_ascii(text) && !has_long_line(text);
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
