// core/redis/connection.cc: one stream, a writer, a reader and a watchdog; made again when it
// breaks.
#include "core/redis/connection.h"

#include <openssl/sha.h>
#include <uv.h>

#include <algorithm>
#include <deque>

#include "core/async/sync.h"
#include "core/async/task_group.h"
#include "core/async/timer.h"
#include "core/net/address.h"
#include "core/net/stream.h"

namespace postern::redis {

using std::chrono::milliseconds;

namespace {

constexpr std::size_t most_unsent = 8 * 1024 * 1024;  // above this, callers wait
constexpr milliseconds first_pause{20}, longest_pause{1000};

/// A command on its way. Stays until its reply has come, even if nobody waits for it any more.
struct Call {
  std::chrono::steady_clock::time_point deadline;
  std::optional<Reply> reply;
  Event over;
};

/// uv_getaddrinfo; not broken off, the system bounds it.
class Lookup : public Wait {
 public:
  Lookup(std::string host, std::uint16_t port) : host_(std::move(host)), port_(port) {}
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> handle) {
    suspend(handle, false);
    request_.data = this;
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    status_ = uv_getaddrinfo(Loop::current().uv(), &request_, &Lookup::done, host_.c_str(),
                             std::to_string(port_).c_str(), &hints);
    if (status_ != 0) wake();
    return true;
  }
  /// "1.2.3.4:6379", in the system's order.
  std::vector<std::string> await_resume() const {
    if (status_ != 0) throw IoError("no address of " + host_ + ": " + uv_strerror(status_));
    return addresses_;
  }

 private:
  static void done(uv_getaddrinfo_t* request, int status, addrinfo* found) {
    auto* const self = static_cast<Lookup*>(request->data);
    self->status_ = status;
    for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
      char name[64] = "";
      uv_ip_name(one->ai_addr, name, sizeof name);
      self->addresses_.push_back(
          (one->ai_family == AF_INET6 ? "[" + std::string(name) + "]" : std::string(name)) + ":" +
          std::to_string(self->port_));
    }
    uv_freeaddrinfo(found);
    self->wake();
  }

  std::string host_;
  std::uint16_t port_;
  uv_getaddrinfo_t request_{};
  int status_ = 0;
  std::vector<std::string> addresses_;
};

net::Address parse_address(const std::string& text) {
  auto address = net::Address::parse(text);
  if (!address) throw IoError("bad address " + text + ": " + address.error().text);
  return *std::move(address);
}

Task<net::Stream> open(Url url) {
  if (!url.socket.empty()) {
    co_return co_await net::Stream::connect(parse_address("unix:" + url.socket), timeout::connect);
  }
  const std::vector<std::string> addresses = co_await Lookup(url.host, url.port);
  std::string trouble = "no address of " + url.host;
  for (const std::string& address : addresses) {
    try {
      co_return co_await net::Stream::connect(parse_address(address), timeout::connect);
    } catch (const IoError& error) {
      trouble = error.what();
    }
  }
  throw IoError(trouble);
}

}  // namespace

std::string_view ReplyError::code() const {
  const std::string_view text = what();
  return text.substr(0, text.find(' '));
}

Script::Script(std::string source) : text(std::move(source)) {
  unsigned char digest[SHA_DIGEST_LENGTH];
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  for (const unsigned char byte : digest) {
    constexpr std::string_view digits = "0123456789abcdef";
    sha1 += digits[byte >> 4];
    sha1 += digits[byte & 15];
  }
}

struct Connection::State {
  Loop& loop;
  Url url;
  std::vector<const Script*> scripts;
  Greeting greeting;
  Connection* self = nullptr;

  TaskGroup life;
  bool stopping = false, up = false;
  std::string trouble = "not connected yet";
  std::uint64_t connects = 0;
  Event ready;

  // Of the present connection:
  struct Batch {
    std::string wire;
    std::deque<std::shared_ptr<Call>> calls;
  };
  Batch unsent, later;  // `later` leaves behind `unsent`
  std::chrono::steady_clock::time_point later_since{};
  WaitList room;
  std::deque<std::shared_ptr<Call>> unanswered;
  Event has_unsent, has_later, broken;

  void lost(const std::string& why) {
    if (!broken.is_set()) trouble = why;
    up = false;
    ready.reset();
    broken.set();
  }

  bool is_crowded() const { return unsent.wire.size() + later.wire.size() > most_unsent; }

  /// `arguments` are on their way before it suspends, unless it waits for room: then they must
  /// live.
  Task<Reply> send(const Arguments& arguments, Haste haste = Haste::now) {
    const auto deadline = loop.now() + timeout::command;  // the wait for room counts, too
    while (is_crowded() && !broken.is_set()) co_await room.wait();
    if (broken.is_set()) throw Away("Redis is away: " + trouble);
    const auto call = std::make_shared<Call>();
    call->deadline = deadline;
    Batch& batch = haste == Haste::now ? unsent : later;
    encode(arguments, batch.wire);
    if (haste == Haste::soon && later.calls.empty()) later_since = loop.now();
    batch.calls.push_back(call);
    (haste == Haste::now ? has_unsent : has_later).set();
    co_await call->over.wait();
    if (!call->reply) throw ConnectionClosed("the connection to Redis broke: " + trouble);
    if (call->reply->is_error()) throw ReplyError(call->reply->text);
    co_return std::move(*call->reply);
  }

  Task<Reply> run(const Script& script, Arguments arguments, Haste haste) {
    const Arguments command{"EVALSHA", script.sha1, "0"};
    arguments.insert(arguments.begin(), command.begin(), command.end());
    try {
      co_return co_await send(arguments, haste);
    } catch (const ReplyError& error) {
      if (error.code() != "NOSCRIPT") throw;
    }
    // Somebody has flushed the scripts since we connected.
    co_await load(script);
    co_return co_await send(arguments);
  }

  Task<> load(const Script& script) {
    const Arguments command{"SCRIPT", "LOAD", script.text};
    co_await send(command);
  }

  Task<> wait_until_up() {
    while (!up) {
      bool waited_out = false;
      try {
        co_await with_timeout(timeout::away, ready.wait());
      } catch (const Timeout&) {
        waited_out = true;
      }
      if (stopping || (waited_out && !up)) throw Away("Redis is away: " + trouble);
    }
  }

  Task<> write_all(net::Stream& stream) {
    try {
      for (;;) {
        co_await has_unsent.wait();
        has_unsent.reset();
        std::string wire = take_unsent();
        room.wake_all();
        co_await stream.write(std::move(wire));
        co_await stream.flush(timeout::command);
      }
    } catch (const IoError& error) {
      lost(error.what());
    }
  }

  /// All that is due or can go along. What can wait stands last: Redis syncs its file when it has
  /// read no further, and behind a large body that would be too soon.
  std::string take_unsent() {
    std::string wire = std::exchange(unsent.wire, {});
    wire += std::exchange(later.wire, {});
    for (Batch* batch : {&unsent, &later}) {
      for (auto& call : std::exchange(batch->calls, {})) unanswered.push_back(std::move(call));
    }
    return wire;
  }

  /// Sends what could wait when nothing else has come in time.
  Task<> hurry_up() {
    for (;;) {
      co_await has_later.wait();
      has_later.reset();
      while (!later.calls.empty()) {
        const auto left = std::chrono::ceil<milliseconds>(later_since + timeout::soon - loop.now());
        if (left.count() <= 0) {
          has_unsent.set();
          break;
        }
        co_await sleep_for(left);
      }
    }
  }

  Task<> read_all(net::Stream& stream) {
    try {
      Decoder decoder;
      for (;;) {
        decoder.feed(co_await stream.read_some(256 * 1024, std::chrono::hours(24)));
        while (auto reply = decoder.next()) {
          if (unanswered.empty()) throw IoError("Redis answers what nobody asked");
          const auto call = unanswered.front();
          unanswered.pop_front();
          call->reply = std::move(*reply);
          call->over.set();
        }
      }
    } catch (const IoError& error) {
      lost(error.what());
    }
  }

  /// Replies come in order: when the oldest is late, all are.
  Task<> watch() {
    for (;;) {
      co_await sleep_for(milliseconds(500));
      if (!unanswered.empty() && unanswered.front()->deadline < loop.now()) {
        lost("no answer in time");
      }
    }
  }

  Task<> greet() {
    if (!url.password.empty()) {
      Arguments auth{"AUTH"};
      if (!url.user.empty()) auth.push_back(url.user);
      auth.push_back(url.password);
      co_await send(auth);
    }
    if (url.database != 0) {
      const Arguments select{"SELECT", std::to_string(url.database)};
      co_await send(select);
    }
    for (const Script* script : scripts) co_await load(*script);
    if (greeting) co_await greeting(*self);
  }

  /// In a group of the connection, so that it ends when the connection does.
  Task<> greet_and_open() {
    try {
      co_await greet();
      if (broken.is_set()) co_return;
      up = true;
      trouble.clear();
      ++connects;
      ready.set();
    } catch (const Cancelled&) {
      throw;
    } catch (const std::exception& error) {
      lost(error.what());
    }
  }

  Task<> serve_one() {
    net::Stream stream = co_await open(url);
    if (stopping) co_return;  // stop() has said so already, and would not say it again
    broken.reset();
    has_unsent.reset();
    has_later.reset();
    TaskGroup group;
    group.spawn(write_all(stream));
    group.spawn(read_all(stream));
    group.spawn(hurry_up());
    group.spawn(watch());
    group.spawn(greet_and_open());
    co_await broken.wait_to_the_end();
    stream.close();
    room.wake_all();
    take_unsent();  // never to be sent: their callers hear the same as those of unanswered ones
    for (const auto& call : std::exchange(unanswered, {})) call->over.set();
    co_await group.close();
  }

  Task<> live() {
    milliseconds pause = first_pause;
    while (!stopping) {
      const std::uint64_t before = connects;
      try {
        co_await serve_one();
      } catch (const IoError& error) {
        trouble = error.what();
      }
      if (stopping) break;
      pause = connects != before ? first_pause : std::min(pause * 2, longest_pause);
      co_await sleep_for(pause);
    }
  }
};

Connection::Connection(Loop& loop, Url url, std::vector<const Script*> scripts, Greeting greeting)
    : state_(new State{loop, std::move(url), std::move(scripts), std::move(greeting)}) {
  state_->self = this;
}

Connection::~Connection() = default;

void Connection::start() {
  state_->broken.set();
  state_->life.spawn(state_->live());
}

Task<> Connection::stop() {
  state_->stopping = true;
  state_->lost("stopped");
  state_->ready.set();  // those who wait for the connection are told
  co_await state_->life.close();
  state_->ready.reset();
}

bool Connection::is_up() const { return state_->up; }
const std::string& Connection::trouble() const { return state_->trouble; }
std::uint64_t Connection::connects() const { return state_->connects; }

Task<Reply> Connection::call(Arguments arguments) {
  co_await state_->wait_until_up();
  co_return co_await state_->send(arguments);
}

Task<Reply> Connection::run(const Script& script, Arguments arguments, Haste haste) {
  co_await state_->wait_until_up();
  co_return co_await state_->run(script, std::move(arguments), haste);
}

Task<Reply> Connection::call_in_greeting(Arguments arguments) {
  co_return co_await state_->send(arguments);
}

Task<Reply> Connection::run_in_greeting(const Script& script, Arguments arguments) {
  co_return co_await state_->run(script, std::move(arguments), Haste::now);
}

}  // namespace postern::redis
