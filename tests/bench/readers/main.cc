// main.cc: the command line of bench_readers.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <map>

#include "client.h"
#include "loads.h"

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  bench::Options options;
  CLI::App app("Load for tests/bench/mailbox; prints one line of JSON");
  app.require_subcommand(1);
  app.fallthrough();
  app.add_option("--port", options.port);
  app.add_option("--lmtp-port", options.lmtp_port);
  app.add_flag("--tls", options.tls);
  app.add_flag("--resume", options.resume);
  app.add_option("--connections", options.connections);
  app.add_option("--boxes", options.boxes);
  app.add_option("--first-box", options.first_box);
  app.add_option("--recipients", options.recipients);
  app.add_option("--count", options.count);
  app.add_option("--size", options.size);
  app.add_option("--password", options.password);
  app.add_option("--command", options.commands);
  const std::map<std::string, void (*)(const bench::Options&)> loads{
      {"deliver", bench::deliver},   {"append", bench::append}, {"login", bench::logins},
      {"commands", bench::commands}, {"idle", bench::idle},     {"hold", bench::hold},
      {"pop3", bench::pop3}};
  for (const auto& [name, load] : loads) app.add_subcommand(name)->callback([&] { load(options); });
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  } catch (const bench::Trouble& trouble) {
    fmt::print(stderr, "{}\n", trouble.text);
    return 1;
  }
  return 0;
}
