// reading.cc: commands on a folder, watchers, idle connections, POP3.
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "many.h"
#include "message.h"

namespace bench {
namespace {

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values.empty() ? 0 : values[values.size() / 2];
}

std::unique_ptr<Client> watcher(const Options& options, unsigned box, SSL_CTX* tls) {
  auto client = std::make_unique<Client>(options.port, tls);
  log_in(*client, user(box), options.password);
  client->command("SELECT INBOX");
  client->write("i IDLE\r\n");
  while (!client->line().starts_with("+")) {
  }
  return client;
}

void wait_for_exists(Client& client) {
  while (!client.line().ends_with(" EXISTS")) {
  }
}

}  // namespace

void commands(const Options& options) {
  Client client(options.port, nullptr);
  log_in(client, user(options.first_box), options.password);
  std::string all;
  for (const std::string& text : options.commands) {
    const auto start = Clock::now();
    const std::size_t octets = client.command(text);
    fmt::format_to(std::back_inserter(all), "{}{{\"seconds\": {}, \"octets\": {}}}",
                   all.empty() ? "" : ", ", seconds_since(start), octets);
  }
  fmt::print("[{}]\n", all);
}

void idle(const Options& options) {
  std::vector<std::unique_ptr<Client>> watchers;
  std::vector<pollfd> polled;
  for (unsigned i = 0; i < options.connections; ++i) {
    watchers.push_back(watcher(options, options.first_box, nullptr));
    polled.push_back({watchers.back()->descriptor(), POLLIN, 0});
  }
  Client sender(options.lmtp_port, nullptr);
  sender.expect("220");
  sender.write("LHLO bench.example\r\n");
  while (!sender.line().starts_with("250 ")) {
  }
  std::vector<double> waits;
  for (unsigned number = 0; number < options.count; ++number) {
    sender.write("MAIL FROM:<sender@partner.example>\r\nRCPT TO:<" + user(options.first_box) +
                 ">\r\nDATA\r\n");
    for (const char* reply : {"250", "250", "354"}) sender.expect(reply);
    sender.write(message(number, options.size));
    const auto start = Clock::now();
    sender.write(".\r\n");
    for (std::size_t missing = watchers.size(); missing > 0;) {
      if (::poll(polled.data(), polled.size(), 30'000) <= 0) throw Trouble{"no EXISTS"};
      for (std::size_t i = 0; i < polled.size(); ++i) {
        if ((polled[i].revents & POLLIN) == 0) continue;
        wait_for_exists(*watchers[i]);
        waits.push_back(seconds_since(start));
        polled[i].events = 0;
        --missing;
      }
    }
    sender.expect("250");
    for (pollfd& one : polled) one.events = POLLIN;
    // What follows EXISTS (RECENT) is read before the next one.
    while (::poll(polled.data(), polled.size(), 200) > 0) {
      for (std::size_t i = 0; i < polled.size(); ++i) {
        if ((polled[i].revents & POLLIN) != 0) watchers[i]->line();
      }
    }
  }
  fmt::print("{{\"median\": {}, \"worst\": {}}}\n", median(waits), std::ranges::max(waits));
}

void hold(const Options& options) {
  SSL_CTX* const tls = tls_of(options);
  std::vector<std::unique_ptr<Client>> held;
  for (unsigned i = 0; i < options.connections; ++i)
    held.push_back(watcher(options, options.first_box + i % options.boxes, tls));
  fmt::print("{{\"held\": {}}}\n", held.size());
  std::fflush(stdout);
  char byte = 0;
  while (::read(STDIN_FILENO, &byte, 1) > 0) {
  }
}

void pop3(const Options& options) {
  const auto start = Clock::now();
  Client client(options.port, nullptr);
  client.expect("+OK");
  client.write("USER " + user(options.first_box) + "\r\n");
  client.expect("+OK");
  client.write("PASS " + options.password + "\r\n");
  client.expect("+OK");
  const double login = seconds_since(start);
  const auto read_all = [&client] {
    client.expect("+OK");
    while (client.line() != ".") {
    }
  };
  const auto listed = Clock::now();
  client.write("LIST\r\n");
  read_all();
  const double list = seconds_since(listed);
  const auto retrieved = Clock::now();
  for (unsigned i = 1; i <= options.count; ++i) {
    client.write(fmt::format("RETR {}\r\n", i));
    read_all();
  }
  const double retr = seconds_since(retrieved);
  client.write("QUIT\r\n");
  client.expect("+OK");
  fmt::print("{{\"login\": {}, \"list\": {}, \"retr\": {}}}\n", login, list, retr);
}

}  // namespace bench
