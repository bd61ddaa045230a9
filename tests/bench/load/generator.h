// tests/bench/load/generator.h: clients that submit as fast as they get their replies.
#pragma once

#include <string>
#include <string_view>

#include "channel.h"
#include "run.h"

namespace postern::bench {

struct Load {
  std::uint64_t messages = 0, size = 4096, recipients = 1, per_connection = 0;
  std::string user, password;       ///< AUTH PLAIN when set
  SSL_CTX* implicit_tls = nullptr;  ///< TLS from the first octet
  bool pipelines = false;

  std::uint64_t next = 0;  ///< the message that begins next
  std::string tail;        ///< of every message, from behind its number to the final dot

  void compose();
  bool is_exhausted() const { return next == messages; }
};

/// One client: greeting, EHLO, maybe AUTH, then messages until the load is exhausted or its share
/// is sent; then QUIT.
class Client final : public Party {
 public:
  Client(int descriptor, Load& load, Run& run);
  void progress() override;

 private:
  enum class Step { greeting, hello, auth, sender, recipient, data, dot, quit };
  bool has_message_open() const { return step_ >= Step::sender && step_ <= Step::dot; }
  bool take_reply();
  void advance(std::string_view code);
  void begin_message();
  void next_recipient();
  void send_message();
  std::string recipient_line(std::uint64_t index) const;

  Load& load_;
  Run& run_;
  std::string input_, output_;
  Step step_ = Step::greeting;
  std::uint64_t number_ = 0, recipient_ = 0, sent_ = 0;
};

}  // namespace postern::bench
