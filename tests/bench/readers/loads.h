// loads.h: what tests/bench/mailbox measures, each a function that prints one line of JSON.
#pragma once

#include <string>
#include <vector>

namespace bench {

struct Options {
  int port = 0, lmtp_port = 0;
  bool tls = false, resume = false;
  unsigned connections = 16, boxes = 99, first_box = 1, recipients = 1, count = 1000;
  std::size_t size = 4096;
  std::string password;
  std::vector<std::string> commands;
};

void deliver(const Options& options);  // LMTP
void append(const Options& options);   // IMAP APPEND; one box: all connections to it
void logins(
    const Options& options);  // connect (resume: the TLS session of the last), LOGIN, LOGOUT
void commands(const Options& options);  // IMAP commands on one connection, each timed
void idle(const Options& options);      // delivery to the EXISTS of all watchers
void hold(const Options& options);      // idle connections until stdin ends
void pop3(const Options& options);      // login, LIST, RETR of `count`

}  // namespace bench
