// tests/fuzz/smtp_session_fuzz.cc: whole conversations of strangers at every SMTP door, against a
// model that reads the same bytes. The first octet chooses the door, the second the packets.
#include "../unit/relay/smtp/fakes.h"
#include "relay/smtp/session.h"
#include "session_driver.h"
#include "smtp_model.h"

namespace {

using namespace postern;
using fuzz::SmtpModel;

constexpr SmtpModel::Limits limits{
    .message_size = 300, .errors = 20, .errors_of_known = 30, .overshoot = 5, .logins = 3};

std::shared_ptr<const smtp::Terms> terms_of(relay::Door door) {
  auto terms = std::make_shared<smtp::Terms>();
  terms->door = door;
  terms->hostname = "mail.b.example";
  terms->message_size = limits.message_size;
  terms->recipients = 3;
  terms->errors = limits.errors;
  terms->errors_of_known = limits.errors_of_known;
  terms->overshoot = limits.overshoot;
  return terms;
}

SmtpModel::Door model_door(relay::Door door) {
  if (door == relay::Door::mx) return SmtpModel::Door::mx;
  return door == relay::Door::lmtp ? SmtpModel::Door::lmtp : SmtpModel::Door::submission;
}

void compare(const std::vector<smtp::Taken>& taken,
             const std::vector<fuzz::ModelMessage>& expected) {
  POSTERN_ASSERT(taken.size() == expected.size());
  for (std::size_t i = 0; i < taken.size(); ++i) {
    POSTERN_ASSERT(taken[i].content == expected[i].content);
    POSTERN_ASSERT(taken[i].admitted.size() == expected[i].recipients);
    POSTERN_ASSERT(mail::has_clean_line_ends(taken[i].content));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  constexpr std::array doors{relay::Door::mx, relay::Door::submission, relay::Door::lmtp};
  const relay::Door door = doors[data[0] % doors.size()];
  const std::string_view sent(reinterpret_cast<const char*>(data + 2), size - 2);

  smtp::FakeIntake intake;
  smtp::FakeLogins logins;
  net::IdleSessions idle;
  const std::string said = fuzz::converse(
      [&](net::Stream stream) {
        return smtp::converse(std::move(stream), terms_of(door), intake, logins, idle);
      },
      sent, data[1] == 0 ? sent.size() + 1 : data[1]);
  SmtpModel model(model_door(door), limits, sent, fuzz::parse_replies(said));
  compare(intake.taken, model.run());
  return 0;
}
