// queue/node/managed_redis.cc: spawning, watching and ending redis-server.
#include "queue/node/managed_redis.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <vector>

#include "core/async/every.h"
#include "core/async/offload.h"
#include "core/async/sync.h"
#include "core/async/task_group.h"
#include "core/async/timer.h"
#include "core/descriptor.h"
#include "core/log.h"
#include "core/net/address.h"
#include "queue/node/append_room.h"

namespace postern::queue {

using std::chrono::milliseconds;

namespace {

constexpr std::size_t longest_log_line = 1000;
constexpr milliseconds first_pause{50}, longest_pause{5000};
constexpr std::chrono::seconds healthy{10};  // having lived this long, the pause starts over
constexpr std::chrono::seconds orphan_patience{20};  // for an orphan to end by itself
constexpr std::chrono::seconds stop_patience{15};    // for our own: it syncs its file
constexpr int first_tries = 3;
constexpr milliseconds room_interval{250};

struct Close {
  template <class H>
  void operator()(H* handle) const noexcept {
    uv_close(reinterpret_cast<uv_handle_t*>(handle),
             [](uv_handle_t* closed) { delete reinterpret_cast<H*>(closed); });
  }
};
template <class H>
using Handle = std::unique_ptr<H, Close>;

std::vector<std::string> arguments_of(const ManagedRedis::Settings& settings,
                                      const std::filesystem::path& folder) {
  return {
      settings.program,
      // clang-format off
          // In this order: `dir` changes the working directory, so the socket's name can be short.
          "--dir",                         folder.string(),
          "--port",                        "0",
          "--unixsocket",                  "redis.sock",
          "--unixsocketperm",              "700",
          "--daemonize",                   "no",
          "--databases",                   "1",
          "--save",                        "",
          "--appendonly",                  "yes",
          "--appendfsync",                 "always",  // replies only after the fsync
          "--no-appendfsync-on-rewrite",   "no",
          "--auto-aof-rewrite-min-size",   "1gb",
          "--auto-aof-rewrite-percentage", "100",
          "--maxmemory",                   std::to_string(settings.memory_limit),
          "--maxmemory-policy",            "noeviction",
          "--maxclients",                  "1000",
          "--loglevel",                    "notice",
          "--logfile",                     "",
          "--always-show-logo",            "no",
      // clang-format on
  };
}

/// The process in `lock` works in `folder`: it is the redis-server of an earlier gateway.
int orphan_pid(const std::filesystem::path& lock, const std::filesystem::path& folder) {
  const std::string text = read_small(lock);
  int pid = 0;
  std::from_chars(text.data(), text.data() + text.size(), pid);
  std::error_code error;
  const auto works_in =
      std::filesystem::read_symlink("/proc/" + std::to_string(pid) + "/cwd", error);
  const bool is_it = pid > 1 && !error && works_in == std::filesystem::canonical(folder, error);
  return is_it ? pid : 0;
}

}  // namespace

struct ManagedRedis::State {
  Loop& loop;
  Settings settings;
  std::filesystem::path folder;
  Descriptor folder_descriptor, lock;
  redis::Url url;

  ThreadPool files{1, 10};
  std::optional<AppendRoom> room;
  TaskGroup group;
  Handle<uv_process_t> process;
  Handle<uv_pipe_t> output;
  std::string line, last_line;
  char buffer[4096];
  postern::Event ended;
  std::chrono::steady_clock::time_point started{};
  bool stopping = false;

  State(Loop& its_loop, Settings its_settings)
      : loop(its_loop), settings(std::move(its_settings)), folder(settings.data_dir / "redis") {
    ended.set();
  }

  void prepare() {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) throw IoError("cannot make " + folder.string() + ": " + error.message());
    ::chmod(folder.c_str(), 0700);
    folder = std::filesystem::canonical(folder);
    folder_descriptor = open_file(folder, O_PATH | O_DIRECTORY);
    lock = open_file(folder / "lock", O_RDWR | O_CREAT);
    url.socket = (folder / "redis.sock").string();
    if (url.socket.size() > net::longest_unix_path) {
      // libuv would cut it silently. The descriptor gives the folder a short name.
      url.socket = "/proc/self/fd/" + std::to_string(folder_descriptor.get()) + "/redis.sock";
    }
  }

  bool take_lock() { return ::flock(lock.get(), LOCK_EX | LOCK_NB) == 0; }

  /// Nobody else works on the folder when it returns.
  Task<> replace_orphan() {
    if (take_lock()) co_return;
    log::info("redis_orphan", {{"folder", folder.string()}});
    co_await ask_to_shut_down();
    const auto until = loop.now() + orphan_patience;
    while (!take_lock()) {
      if (loop.now() > until) {
        const int pid = orphan_pid(folder / "lock", folder);
        if (pid == 0) throw IoError("another process holds " + (folder / "lock").string());
        ::kill(pid, SIGKILL);
      }
      co_await sleep_for(milliseconds(20));
    }
  }

  Task<> ask_to_shut_down() {
    redis::Connection connection(loop, url);
    connection.start();
    bool is_cancelled = false;
    try {
      co_await connection.call({"SHUTDOWN", "NOSAVE"});
    } catch (const IoError&) {
      // It ends without a reply. If it does not, patience ends.
    } catch (const Cancelled&) {
      is_cancelled = true;
    }
    co_await connection.stop();
    if (is_cancelled) throw Cancelled();
  }

  void spawn() {
    std::vector<std::string> arguments = arguments_of(settings, folder);
    std::vector<char*> pointers;
    for (std::string& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);

    output.reset(new uv_pipe_t{});
    uv_pipe_init(loop.uv(), output.get(), 0);
    uv_stdio_container_t stdio[4]{};
    stdio[0].flags = UV_IGNORE;
    stdio[1].flags = static_cast<uv_stdio_flags>(UV_CREATE_PIPE | UV_WRITABLE_PIPE);
    stdio[1].data.stream = reinterpret_cast<uv_stream_t*>(output.get());
    stdio[2].flags = UV_IGNORE;
    stdio[3].flags = UV_INHERIT_FD;  // the lock lives as long as any of us
    stdio[3].data.fd = lock.get();

    uv_process_options_t options{};
    options.file = settings.program.c_str();
    options.args = pointers.data();
    options.flags = UV_PROCESS_DETACHED;  // a session of its own: Ctrl-C is not for it
    options.stdio = stdio;
    options.stdio_count = 4;
    options.exit_cb = &State::on_exit;

    ended.reset();
    ::unlink((folder / "redis.sock").c_str());
    process.reset(new uv_process_t{});
    process->data = this;
    const int status = uv_spawn(loop.uv(), process.get(), &options);
    if (status != 0) {
      ended.set();
      throw IoError("cannot start " + settings.program + ": " + uv_strerror(status));
    }
    started = loop.now();
    remember_pid();
    output->data = this;
    uv_read_start(reinterpret_cast<uv_stream_t*>(output.get()), &State::on_space,
                  &State::on_output);
    log::info("redis_started", {{"pid", std::to_string(process->pid)}});
  }

  void remember_pid() {
    const std::string text = std::to_string(process->pid) + "\n";
    if (::ftruncate(lock.get(), 0) != 0 || ::pwrite(lock.get(), text.data(), text.size(), 0) < 0) {
      log::warn("redis_pid_not_kept", {{"folder", folder.string()}});
    }
  }

  static void on_exit(uv_process_t* process, std::int64_t status, int signal) {
    State& self = *static_cast<State*>(process->data);
    const bool wanted = self.stopping;
    const log::Fields fields{{"status", std::to_string(status)},
                             {"signal", std::to_string(signal)},
                             {"last_words", self.last_line}};
    if (wanted) {
      log::info("redis_ended", fields);
    } else {
      log::error("redis_ended", fields);
    }
    self.ended.set();
  }

  static void on_space(uv_handle_t* handle, std::size_t, uv_buf_t* space) {
    State& self = *static_cast<State*>(handle->data);
    *space = uv_buf_init(self.buffer, sizeof self.buffer);
  }

  static void on_output(uv_stream_t* stream, ssize_t length, const uv_buf_t* space) {
    State& self = *static_cast<State*>(stream->data);
    if (length < 0) {
      uv_read_stop(stream);
      return;
    }
    for (ssize_t i = 0; i < length; ++i) self.take(space->base[i]);
  }

  void take(char c) {
    if (c != '\n') {
      if (line.size() < longest_log_line) line += c;
      return;
    }
    // "PID:ROLE DAY TIME LEVEL words": a # is a warning.
    const std::size_t mark = line.find_first_of("#*");
    if (!line.empty()) {
      const std::string words =
          mark == line.npos ? line : line.substr(mark + 2 < line.size() ? mark + 2 : mark);
      const bool is_warning = mark != line.npos && line[mark] == '#';
      if (is_warning) {
        log::warn("redis", {{"says", words}});
      } else {
        log::info("redis", {{"says", words}});
      }
      last_line = words;
    }
    line.clear();
  }

  /// True once it answers; false when it has ended instead.
  Task<bool> until_ready() {
    redis::Connection probe(loop, url, {}, [](redis::Connection& connection) -> Task<> {
      co_await connection.call_in_greeting({"PING"});  // an error while it loads its file
    });
    probe.start();
    bool is_cancelled = false;
    try {
      while (!probe.is_up() && !ended.is_set()) co_await sleep_for(milliseconds(10));
    } catch (const Cancelled&) {
      is_cancelled = true;
    }
    const bool is_up = probe.is_up();
    co_await probe.stop();
    if (is_cancelled) throw Cancelled();
    co_return is_up;
  }

  Task<> keep_room() {
    co_await offload(files, [this] { room->keep(); });
  }

  Task<> watch() {
    milliseconds pause = first_pause;
    for (;;) {
      co_await ended.wait();
      if (loop.now() - started > healthy) pause = first_pause;
      co_await sleep_for(pause);
      pause = std::min(pause * 2, longest_pause);
      if (stopping) co_return;
      try {
        spawn();
      } catch (const IoError& error) {
        log::error("redis_not_started", {{"reason", error.what()}});
      }
    }
  }
};

ManagedRedis::ManagedRedis(Loop& loop, Settings settings)
    : state_(std::make_unique<State>(loop, std::move(settings))) {}

ManagedRedis::~ManagedRedis() = default;

redis::Url ManagedRedis::url() const { return state_->url; }

int ManagedRedis::pid() const {
  return state_->process && !state_->ended.is_set() ? state_->process->pid : 0;
}

Task<> ManagedRedis::start() {
  state_->prepare();
  co_await state_->replace_orphan();
  for (int tries = 1;; ++tries) {
    state_->spawn();
    const bool is_ready = co_await state_->until_ready();
    if (is_ready) break;
    if (tries == first_tries) {
      throw IoError("redis-server does not start: " + state_->last_line);
    }
    co_await sleep_for(first_pause);
  }
  state_->room.emplace(state_->folder);
  state_->group.spawn(every(
      room_interval, [this] { return state_->keep_room(); },
      [](const std::exception& error) {
        log::warn("redis_has_no_room", {{"error", error.what()}});
      }));
  state_->group.spawn(state_->watch());
}

Task<> ManagedRedis::set_memory_limit(std::uint64_t bytes) {
  if (std::exchange(state_->settings.memory_limit, bytes) == bytes) co_return;
  redis::Connection connection(state_->loop, state_->url);
  connection.start();
  std::exception_ptr failure;
  try {
    co_await connection.call({"CONFIG", "SET", "maxmemory", std::to_string(bytes)});
  } catch (const IoError&) {
    failure = std::current_exception();
  }
  co_await connection.stop();
  if (failure) std::rethrow_exception(failure);
}

Task<> ManagedRedis::stop() {
  state_->stopping = true;
  co_await state_->group.close();
  const auto until = state_->loop.now() + stop_patience;
  if (!state_->ended.is_set()) uv_process_kill(state_->process.get(), SIGTERM);
  while (!state_->ended.is_set()) {
    if (state_->loop.now() > until) uv_process_kill(state_->process.get(), SIGKILL);
    co_await sleep_for(milliseconds(5));
  }
  state_->process.reset();
  state_->output.reset();
  if (state_->room) co_await offload(state_->files, [this] { state_->room->release(); });
}

}  // namespace postern::queue
