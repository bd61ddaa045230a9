// core/redis/connection.h: a pipelined connection to Redis that comes back by itself.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/async/loop.h"
#include "core/async/task.h"
#include "core/error.h"
#include "core/redis/reply.h"

namespace postern::redis {

/// `unix:///path`, `unix://user:pass@/path?db=2` or `redis://user:pass@host:port/db`.
struct Url {
  static std::expected<Url, SyntaxError> parse(std::string_view text);

  std::string socket;  ///< path of a unix socket; else empty and `host` is set
  std::string host;    ///< a name or an address
  std::uint16_t port = 6379;
  std::string user, password;
  unsigned database = 0;
  std::string text() const;  ///< without the password
};

/// Redis answered, but with an error: "OOM command not allowed …".
class ReplyError : public IoError {
 public:
  using IoError::IoError;
  /// Its first word: OOM, NOSCRIPT, LOADING, NOAUTH, ERR …
  std::string_view code() const;
};

/// There was no connection: the command was not sent.
class Away : public ConnectionClosed {
 public:
  using ConnectionClosed::ConnectionClosed;
};

/// A command and its arguments; copied on the way in, so that views may die.
using Arguments = std::vector<std::string>;

/// A Lua script and the SHA-1 that Redis knows it by.
struct Script {
  explicit Script(std::string text);
  std::string text, sha1;
};

/// When a command leaves. What can wait goes behind the next command that cannot, or a moment
/// later: so it shares the fsync of another.
enum class Haste { now, soon };

namespace timeout {
constexpr std::chrono::milliseconds soon{10};
constexpr std::chrono::seconds command{10};  // below the 15 s that RULES.md allows
constexpr std::chrono::seconds connect{5};
constexpr std::chrono::seconds away{2};  // how long a command waits for a lost connection
}  // namespace timeout

/// One connection for all coroutines of a loop. Commands that are due in one turn leave in one
/// write. When it breaks, every unanswered command throws (it may or may not have happened), and it
/// is made again with back-off.
class Connection {
 public:
  /// Commands of the greeting: what must be said before anybody else speaks. Throw to refuse.
  using Greeting = std::function<Task<>(Connection&)>;

  /// `greeting` runs on every connect; its own calls go out ahead of all that wait.
  Connection(Loop& loop, Url url, std::vector<const Script*> scripts = {}, Greeting greeting = {});
  ~Connection();  // after stop()
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Begins to connect, and returns at once.
  void start();
  /// Closes; unanswered commands throw ConnectionClosed.
  Task<> stop();

  bool is_up() const;
  /// Why it is down, for people; empty when up.
  const std::string& trouble() const;
  /// Counts the connects that succeeded.
  std::uint64_t connects() const;

  /// Throws ReplyError for an error reply, Away when there is no connection, and ConnectionClosed
  /// when it broke before the answer: then the command may or may not have happened.
  Task<Reply> call(Arguments arguments);
  /// Runs a script that was given to the constructor.
  Task<Reply> run(const Script& script, Arguments arguments, Haste haste = Haste::now);
  /// For greetings: skips the wait for the connection to be ready.
  Task<Reply> call_in_greeting(Arguments arguments);
  Task<Reply> run_in_greeting(const Script& script, Arguments arguments);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace postern::redis
