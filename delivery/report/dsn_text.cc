// delivery/report/dsn_text.cc: what a report says to people.
#include "delivery/report/dsn_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/mail/compose.h"
#include "core/mail/encodings.h"
#include "delivery/model/sanitise.h"

namespace postern::delivery {
namespace {

constexpr std::size_t listed_limit =
    50;  // recipients spelled out for people; the status part has all of them

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

/// All recipients of one kind; empty when there are none.
std::string tell(const DsnInput& input, const Telling& telling) {
  std::string out;
  std::size_t count = 0;
  for (const DsnRecipient& recipient : input.recipients) {
    if (recipient.kind != telling.kind) continue;
    if (count++ == 0) out += fmt::format("\r\n{}\r\n\r\n", telling.sentence);
    if (count <= listed_limit) out += describe(recipient);
  }
  if (count > listed_limit) out += fmt::format("  and {} more\r\n", count - listed_limit);
  if (count > 0 && telling.kind == DsnKind::failed)
    out += "\r\n" + wrapped("It will not be tried again; you would have to send it once more.", "");
  if (count > 0 && telling.kind == DsnKind::delayed)
    out +=
        "\r\n" +
        wrapped(
            "There is nothing that you need to do now. You will hear again if it fails in the end.",
            "");
  return out;
}

}  // namespace

const Telling& telling_of(DsnKind kind) {
  return *std::ranges::find(tellings, kind, &Telling::kind);
}

mail::StatusCode status_of(const DsnRecipient& recipient) {
  if (recipient.status.is_given()) return recipient.status;
  return {telling_of(recipient.kind).klass, 0, 0};
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
  for (const Telling& telling : tellings) out += tell(input, telling);
  out += "\r\n" + wrapped(fmt::format("For help write to {}, and name this message as {}.",
                                      input.postmaster, input.queue_id),
                          "");
  return out;
}

}  // namespace postern::delivery
