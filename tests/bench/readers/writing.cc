// writing.cc: messages in, by LMTP and by APPEND; logins.
#include <fmt/format.h>

#include <memory>

#include "many.h"
#include "message.h"

namespace bench {
namespace {

void report(const Options& options, unsigned units, double seconds) {
  fmt::print("{{\"seconds\": {}, \"rate\": {}}}\n", seconds, units * options.count / seconds);
}

/// The envelope in one write, as RFC 2920 lets a client do; then the message.
void deliver_one(Client& client, const Options& options, unsigned number) {
  std::string text = "MAIL FROM:<sender@partner.example>\r\n";
  for (unsigned i = 0; i < options.recipients; ++i) {
    const unsigned box = options.first_box + (number * 37 + i) % options.boxes;
    text += "RCPT TO:<" + user(box) + ">\r\n";
  }
  client.write(text + "DATA\r\n");
  for (unsigned i = 0; i <= options.recipients; ++i) client.expect("250");
  client.expect("354");
  client.write(message(number, options.size) + ".\r\n");
  for (unsigned i = 0; i < options.recipients; ++i) client.expect("250");
}

}  // namespace

void deliver(const Options& options) {
  const double seconds = many(options, [&](unsigned) {
    auto client = std::make_shared<Client>(options.lmtp_port, nullptr);
    client->expect("220");
    client->write("LHLO bench.example\r\n");
    while (!client->line().starts_with("250 ")) {
    }
    return [client, &options](unsigned number) { deliver_one(*client, options, number); };
  });
  report(options, options.recipients, seconds);
}

void append(const Options& options) {
  const double seconds = many(options, [&](unsigned thread) {
    auto client = std::make_shared<Client>(options.port, nullptr);
    log_in(*client, user(options.first_box + thread % options.boxes), options.password);
    return [client, &options](unsigned number) {
      const std::string text = message(number, options.size);
      client->command(fmt::format("APPEND INBOX {{{}+}}\r\n{}", text.size(), text));
    };
  });
  report(options, 1, seconds);
}

void logins(const Options& options) {
  SSL_CTX* const tls = tls_of(options);
  std::atomic<unsigned> resumed = 0;
  const double seconds = many(options, [&](unsigned) {
    return [&, session = std::shared_ptr<SSL_SESSION>()](unsigned number) mutable {
      Client client(options.port, tls, session.get());
      log_in(client, user(options.first_box + number % options.boxes), options.password);
      client.command("LOGOUT");
      if (!options.resume) return;
      resumed += client.has_resumed() ? 1 : 0;
      session.reset(client.session(), SSL_SESSION_free);
    };
  });
  if (options.resume && resumed == 0) throw Trouble{"the server has resumed no TLS session"};
  report(options, 1, seconds);
}

}  // namespace bench
