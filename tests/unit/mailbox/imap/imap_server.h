// An IMAP server on loopback with a real store in a temporary folder, and a client that speaks line
// by line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mailbox/imap/serve.h"

namespace postern::imap::test {

/// Lives on a thread of its own from construction to destruction. Knows ann (password "secret") and
/// bob ("quiet", 100 KB quota).
class ImapServer {
 public:
  explicit ImapServer(net::TlsOffer policy = net::TlsOffer::optional,
                      std::uint64_t message_size = 5'000'000);
  ~ImapServer();
  int port() const;
  void disable(std::string account);

 private:
  struct Inner;
  std::unique_ptr<Inner> inner_;
};

/// Blocks; every wait ends after ten seconds with an exception.
class ImapClient {
 public:
  explicit ImapClient(const ImapServer& server);
  /// Connected, greeted and logged in.
  static ImapClient of(const ImapServer& server, std::string_view user = "ann",
                       std::string_view password = "secret");
  ~ImapClient();
  ImapClient(ImapClient&& other) noexcept;

  void send(std::string_view bytes);
  /// One reply with its literals, without its last CRLF. Throws at the end of the connection, and
  /// when it is no reply by the grammar.
  std::string line();
  /// Sends "t COMMAND" and gives the untagged lines, and last the tagged one, without its tag.
  std::vector<std::string> say(std::string_view command);
  /// The tagged line of `say` alone.
  std::string ask(std::string_view command) { return say(command).back(); }
  /// APPENDs a message; gives the tagged line.
  std::string append(std::string_view folder, std::string_view message,
                     std::string_view flags = "");
  bool is_closed();

 private:
  std::string raw_line();
  std::string take(std::size_t count);
  void fill();
  int socket_ = -1;
  std::string buffer_;
};

using Lines = std::vector<std::string>;
bool holds(const Lines& lines, std::string_view line);
bool mentions(const Lines& lines, std::string_view part);  ///< one of them does

/// A message whose Subject and Message-ID have `number` in them.
std::string message(int number, std::string_view body = "Body\r\n");
/// Logged in, with that many messages in an INBOX that is selected.
ImapClient with_messages(const ImapServer& server, int count);

}  // namespace postern::imap::test
