// relay/worker/doors.cc: a worker's listeners, and what is spoken at each.
#include "core/log.h"
#include "core/metrics.h"
#include "mailbox/imap/serve.h"
#include "mailbox/pop3/session.h"
#include "relay/config/config.h"
#include "relay/http/connection.h"
#include "relay/smtp/replies.h"
#include "relay/smtp/session.h"
#include "relay/worker/worker.h"

#include <utility>

namespace postern::relay {
namespace {

constexpr std::chrono::seconds handshake{30};
constexpr std::chrono::seconds farewell{5};

bool is_for_readers(Protocol protocol) {
  return protocol == Protocol::imap || protocol == Protocol::pop3;
}

Door door_of(Protocol protocol) {
  if (protocol == Protocol::smtp) return Door::mx;
  return protocol == Protocol::lmtp ? Door::lmtp : Door::submission;
}

/// What a client hears when there is no room for it.
std::string refusal(Protocol protocol, const net::Address& peer) {
  switch (protocol) {
    case Protocol::smtp:
    case Protocol::submission:
    case Protocol::lmtp:
      return smtp::reply::too_many_here.with(peer.ip()).wire();
    case Protocol::imap:
      return "* BYE Too many connections\r\n";  // RFC 9051 §7.1.5
    case Protocol::pop3:
      return "-ERR [SYS/TEMP] Too many connections\r\n";  // RFC 3206 §4
    case Protocol::http:
      return "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
  }
  return {};
}

/// Counts a session for as long as it lives.
class Counted {
 public:
  Counted(std::shared_ptr<std::atomic<int>> count, Service service)
      : count_(std::move(count)),
        sessions_(metrics::gauge("postern_sessions", "Open sessions by service",
                                 {{"service", std::string(name(service))}})) {
    ++*count_;
    sessions_.add();
  }
  ~Counted() {
    --*count_;
    sessions_.subtract();
  }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

 private:
  std::shared_ptr<std::atomic<int>> count_;
  metrics::Gauge& sessions_;
};

/// What a connection holds for as long as it lives, whichever loop it moves to.
struct Held {
  Held(net::AddressTable::Connection&& admitted, std::shared_ptr<std::atomic<int>> count,
       Service service)
      : slot(std::move(admitted)), counted(std::move(count), service) {}
  net::AddressTable::Connection slot;
  Counted counted;
};

}  // namespace

Task<> Worker::listen() {
  std::map<std::string, const Listener*> wanted;
  for (const Listener& settings : snapshot_->config->listeners) {
    for (const net::Address& address : settings.addresses) {
      if (address.is_unix() && index_ != 0) continue;  // only TCP ports can be shared
      wanted.emplace(address.text(), &settings);
      const auto socket = sockets_.find(address.text());
      if (socket == sockets_.end()) open_socket(address, settings);
    }
  }
  for (auto socket = sockets_.begin(); socket != sockets_.end();) {
    const auto found = wanted.find(socket->first);
    if (found == wanted.end()) {
      socket->second->listener->stop();
      socket = sockets_.erase(socket);
    } else {
      socket->second->settings = *found->second;
      ++socket;
    }
  }
  co_return;
}

void Worker::open_socket(const net::Address& address, const Listener& settings) {
  auto socket =
      std::make_shared<ListeningSocket>(settings, house_.sessions.of(address.text()), nullptr);
  TaskGroup& group = is_for_readers(row_of(settings.service).protocol) ? readers_ : senders_;
  std::weak_ptr<ListeningSocket> weak = socket;  // the listener is a part of the socket
  socket->listener = std::make_unique<net::Listener>(
      loop_, address,
      [this, weak](net::Stream stream) { return receive(weak.lock(), std::move(stream)); }, group);
  sockets_.emplace(address.text(), std::move(socket));
}

Task<> Worker::receive(std::shared_ptr<ListeningSocket> socket, net::Stream stream) {
  static metrics::Counter& refused =
      metrics::counter("postern_connections_refused_total", "Connections over the limits");
  if (!socket) co_return;
  const Listener settings = socket->settings;
  metrics::counter("postern_connections_total", "Connections by service",
                   {{"service", std::string(name(settings.service))}})
      .add();
  auto slot = house_.addresses.admit(stream.peer());
  if (!slot) {
    refused.add();
    co_return co_await turn_away(settings, std::move(stream));
  }
  auto held = std::make_shared<Held>(std::move(*slot), socket->sessions, settings.service);
  socket.reset();
  try {
    co_await speak(settings, std::move(stream), held);
  } catch (const IoError&) {  // a handshake that failed, a client that left
  } catch (const std::exception& error) {
    if (dynamic_cast<const Cancelled*>(&error) != nullptr) throw;
    log::error("session_failed", {{"error", error.what()}});
  }
}

Task<> Worker::speak(const Listener& settings, net::Stream stream, std::shared_ptr<void> slot) {
  switch (row_of(settings.service).protocol) {
    case Protocol::smtp:
    case Protocol::submission:
    case Protocol::lmtp:
      return speak_smtp(settings, std::move(stream));
    case Protocol::imap:
      return speak_imap(settings, std::move(stream), std::move(slot));
    case Protocol::pop3:
      return speak_pop3(settings, std::move(stream), std::move(slot));
    case Protocol::http:
      return speak_http(settings, std::move(stream));
  }
  std::unreachable();
}

Task<> Worker::turn_away(const Listener& settings, net::Stream stream) {
  // Nothing can be said before a handshake.
  if (row_of(settings.service).has_implicit_tls) co_return;
  try {
    co_await stream.write(refusal(row_of(settings.service).protocol, stream.peer()));
    co_await stream.shutdown(farewell);
  } catch (const IoError&) {  // it was a courtesy
  }
}

bool Worker::is_trusted(const net::Address& peer) const {
  return net::is_within(snapshot_->config->trusted_networks, peer);
}

bool Worker::may_use_lmtp(const net::Address& peer) const {
  return peer.is_loopback() || is_trusted(peer);
}

Task<> Worker::speak_smtp(const Listener& settings, net::Stream stream) {
  const auto& config = *snapshot_->config;
  if (settings.service == Service::lmtp && !may_use_lmtp(stream.peer())) {
    co_await stream.write(smtp::reply::not_here_for_you.with(stream.peer().ip()).wire());
    co_return co_await stream.shutdown(farewell);
  }
  auto terms = std::make_shared<smtp::Terms>();
  terms->door = door_of(row_of(settings.service).protocol);
  terms->tls = settings.tls;
  terms->implicit_tls = row_of(settings.service).has_implicit_tls;
  terms->context = snapshot_->tls;
  terms->hostname = config.hostname;
  terms->message_size = config.limits.message_size;
  terms->recipients = config.limits.recipients;
  terms->is_trusted = settings.service == Service::lmtp || is_trusted(stream.peer());
  terms->command_timeout = config.limits.command_timeout;
  terms->data_timeout = config.limits.data_timeout;
  co_await smtp::converse(std::move(stream), std::move(terms), *intake_, house_.logins, idle_);
}

mailbox::SessionContext Worker::reader_context(const Listener& settings,
                                               std::shared_ptr<void> slot) const {
  mailbox::SessionContext context;
  context.tls = snapshot_->tls;
  context.tls_offer = settings.tls;
  context.hostname = snapshot_->config->hostname;
  context.authenticator = &house_.logins;
  context.mailboxes = &house_.mailboxes;
  context.slot = std::move(slot);
  return context;
}

Task<> Worker::speak_imap(const Listener& settings, net::Stream stream,
                          std::shared_ptr<void> slot) {
  const auto& config = *snapshot_->config;
  imap::Context context{reader_context(settings, std::move(slot))};
  context.pool = &house_.store;
  context.scratch_folder = (config.data_dir / "scratch").string();
  context.message_size = config.limits.message_size;
  context.command_timeout = config.limits.command_timeout;
  if (row_of(settings.service).has_implicit_tls) {
    co_await stream.start_tls_server(context.tls, handshake);
  }
  co_await imap::serve(std::move(stream), std::move(context));
}

Task<> Worker::speak_pop3(const Listener& settings, net::Stream stream,
                          std::shared_ptr<void> slot) {
  pop3::Context context{reader_context(settings, std::move(slot))};
  if (row_of(settings.service).has_implicit_tls) {
    co_await stream.start_tls_server(context.tls, handshake);
  }
  co_await pop3::serve(std::move(stream), std::move(context));
}

Task<> Worker::speak_http(const Listener& settings, net::Stream stream) {
  if (row_of(settings.service).has_implicit_tls) {
    const net::IdleSessions::Mark mark(idle_, stream);
    co_await stream.start_tls_server(snapshot_->tls, handshake);
  }
  http::RequestLimits limits;
  limits.body = snapshot_->config->limits.message_size + 64 * 1024;
  co_await http::serve(std::move(stream), *http_, limits, idle_);
}

}  // namespace postern::relay
