// delivery/attempt/attempt.h: one attempt at a delivery, over its hosts, until every recipient has
// a verdict.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/async/task.h"
#include "core/mail/esmtp.h"
#include "delivery/model/job.h"
#include "delivery/model/outcome.h"
#include "delivery/smtp/smtp_client.h"
#include "queue/model/body.h"

namespace postern {
class ThreadPool;
}

namespace postern::delivery {

class Attempt {
 public:
  /// `pool` reads bodies and converts.
  Attempt(ThreadPool& pool, Job job);

  const std::vector<Target>& targets() const { return job_.targets; }
  bool is_done() const;

  /// Who is tried now: so the attempt tells of a host that cannot be reached, too.
  void turns_to(const Target& target, const net::Address& address);
  /// Transactions with one host until nobody is open. Throws what SmtpClient::send throws, and
  /// BodyMissing.
  Task<> converse(SmtpClient& client);

  // What went wrong with one connection. Who is still open is tried at the next host.
  void host_failed(Verdict why);
  /// A new connection came as far as a conversation.
  void host_answered() { reached_ = true; }
  /// The host is well, but does not take this sender for now.
  void sender_put_off(Verdict why);
  void is_uncertain() { result_.uncertain = true; }
  /// True when it is worth another connection: then the message goes converted.
  bool lines_are_unfit();
  void body_is_missing();
  void lease_is_too_old();
  void broken_off();
  /// Without trying, or without trying further.
  void settle_open(const Verdict& verdict);

  /// No host has answered for any recipient, and this is why; none when one did.
  std::optional<Verdict> why_unreached() const;
  bool has_reached() const { return reached_; }
  /// Ends it without trying: too many others wait already.
  AttemptResult stand_back();
  /// Who is still open gets the last trouble. Ends the attempt.
  AttemptResult finish();

 private:
  std::vector<std::size_t> open_recipients() const;
  bool is_eight_bit() const;
  Task<std::optional<mail::MailParameters>> fit(const mail::Offer& offer);
  Task<bool> go_without_smtputf8();
  Task<bool> make_seven_bit();
  bool has_utf8_address() const;
  Task<bool> message_needs_smtputf8();
  void refuse_utf8_recipients();
  bool convert();
  Task<> send_to_open(SmtpClient& client, const Letter& letter);
  Task<std::string_view> next_piece(queue::BodyReader& reader, bool in_memory);

  ThreadPool& pool_;
  Job job_;
  std::vector<std::optional<Verdict>> verdicts_;
  AttemptResult result_;
  std::optional<Verdict> trouble_;
  bool reached_ = false, must_convert_ = false;
  std::optional<queue::Body> converted_;  // the message in 7 bit, made when a host needs it
};

}  // namespace postern::delivery
