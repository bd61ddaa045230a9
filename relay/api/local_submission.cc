// relay/api/local_submission.cc: messages of programs on this host, over a unix socket (sendmail).
#include <pwd.h>
#include <unistd.h>

#include <array>
#include <set>

#include "core/async/loop.h"
#include "relay/api/handlers.h"
#include "relay/api/local_message.h"
#include "relay/api/submission.h"
#include "relay/config/config.h"

namespace postern::http {

namespace {

std::string kernel_host_name() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return name.data();
}

std::optional<mail::EmailAddress> address_of_user(unsigned user, const std::string& host) {
  std::array<char, 4096> room{};
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(user, &entry, room.data(), room.size(), &found) != 0 || found == nullptr)
    return {};
  auto address = mail::EmailAddress::parse(std::string(found->pw_name) + "@" + host);
  if (!address) return {};
  return std::move(*address);
}

/// ?from= (none: the program's user; empty: nobody, as in <>) and every ?to=.
struct LocalEnvelope {
  mail::ReversePath sender;
  std::vector<mail::EmailAddress> recipients;
};

std::expected<LocalEnvelope, std::string> read_envelope(const Request& request,
                                                        const std::string& hostname,
                                                        const mail::EmailAddress& user) {
  LocalEnvelope envelope;
  const auto from = request.parameter("from");
  if (!from) envelope.sender = user;
  if (from && !from->empty() && *from != "<>") {
    auto sender = complete_address(*from, hostname);
    if (!sender) return std::unexpected("from: " + sender.error().text);
    envelope.sender = std::move(*sender);
  }
  for (const auto& [name, value] : request.query) {
    if (name != "to") continue;
    auto recipient = complete_address(value, hostname);
    if (!recipient) return std::unexpected("to: " + recipient.error().text);
    envelope.recipients.push_back(std::move(*recipient));
  }
  if (envelope.recipients.empty()) return std::unexpected("?to= is missing");
  return envelope;
}

/// JSON, or a message that is completed. A client that names no type, or a wrong one, still says by
/// its query what it sends.
std::expected<Submission, Problem> read_local(const Request& request, const std::string& hostname,
                                              const mail::EmailAddress& user) {
  if (media_type(request) == "application/json" && !request.parameter("from"))
    return read_json_message(request, Loop::current().wall_now());
  auto envelope = read_envelope(request, hostname, user);
  if (!envelope) return bad_request(envelope.error());
  return as_submission(std::move(envelope->sender), std::move(envelope->recipients), request.body);
}

/// Who may open the control socket, root and our own user name any sender; others are themselves.
bool names_anyone(const Call& call) {
  return call.caller == Caller::control || call.request.user == 0U ||
         call.request.user == static_cast<unsigned>(::geteuid());
}

/// Of the program at the other end; none: its user has no name here.
std::optional<mail::EmailAddress> address_of_program(const Call& call) {
  auto user =
      call.request.user ? address_of_user(*call.request.user, call.config->hostname) : std::nullopt;
  if (!user && names_anyone(call)) user = *mail::EmailAddress::parse(call.config->postmaster);
  return user;
}

}  // namespace

Task<Answer> take_from_socket(const Services& services, const Call& call) {
  const std::string& hostname = call.config->hostname;
  const auto user = address_of_program(call);
  if (!user) co_return refused(403, "Forbidden", "your user has no name on this host");
  auto message = read_local(call.request, hostname, *user);
  if (!message) co_return std::unexpected(message.error());
  std::set<std::string> own;
  if (!names_anyone(call)) {
    own = {user->folded()};
    const auto other = address_of_user(*call.request.user, kernel_host_name());
    if (other) own.insert(other->folded());
    if (message->sender) message->sender = *user;
  }
  const mail::Person author{call.request.parameter("name").value_or(""),
                            message->sender.value_or(*user)};
  message->content = complete_message(message->content, hostname, author);
  co_return co_await submit(services, call, std::move(*message), std::move(own));
}

}  // namespace postern::http
