// tests/fuzz/pop3_session_fuzz.cc: a POP3 session that does what the input says, compared with a
// list of messages. Or any bytes: then each reply must be a line.
#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "mailbox/pop3/session.h"
#include "tests/fuzz/session_world.h"

namespace postern::fuzz {
namespace {

void demand(bool holds, const std::string& why) {
  if (holds) return;
  std::fprintf(stderr, "%s\n", why.c_str());
  std::abort();
}

Peer connect(SessionWorld& world) {
  pop3::Context context;
  world.fill(context);
  return world.connect([&](net::Stream stream) { return pop3::serve(std::move(stream), context); });
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find("\r\n"), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 2, text.size()));
  }
  return lines;
}

class Game {
 public:
  explicit Game(std::string_view bytes) : bytes_(bytes) {}

  void play() {
    fill();
    SessionWorld::loop().run_until_done(session());
    SessionWorld::loop().run_until_done(check_what_is_left());
  }

 private:
  std::uint32_t below(std::uint32_t limit) {
    if (bytes_.empty()) return 0;
    const auto value = static_cast<unsigned char>(bytes_.front());
    bytes_.remove_prefix(1);
    return value % limit;
  }

  /// A few messages made of what is hard: dots, empty lines, no header, no end.
  void fill() {
    static constexpr const char* pieces[] = {".",        "..",    "\r\n",    "a",
                                             "a: b\r\n", ".\r\n", "\r\n\r\n"};
    for (std::uint32_t count = below(4); count > 0; --count) {
      std::string octets;
      for (std::uint32_t length = 1 + below(20); length > 0; --length)
        octets += pieces[below(std::size(pieces))];
      SessionWorld::loop().run_until_done(world_.mailboxes().deliver(
          "ann", {}, std::to_string(count), "INBOX", {.content = mailbox::Content::of(octets)}));
      messages_.push_back({octets, false});
    }
  }

  Task<> session() {
    Peer peer = connect(world_);
    peer_ = &peer;
    co_await line();
    co_await say("USER ann", true);
    co_await say("PASS secret", true);
    while (!bytes_.empty()) co_await turn();
    co_await say("QUIT", true);
    std::erase_if(messages_, [](const Message& message) { return message.is_marked; });
  }

  Task<> check_what_is_left() {
    Peer peer = connect(world_);
    peer_ = &peer;
    co_await line();
    co_await say("USER ann", true);
    co_await say("PASS secret", true);
    co_await stat();
    for (std::uint32_t number = 1; number <= messages_.size(); ++number)
      co_await retrieve(number, ~0u);
    co_await say("QUIT", true);
  }

  Task<> turn() {
    const std::uint32_t number = below(5);
    const bool exists =
        number >= 1 && number <= messages_.size() && !messages_[number - 1].is_marked;
    const std::string n = std::to_string(number);
    switch (below(8)) {
      case 0:
        co_await stat();
        break;
      case 1:
        co_await list("LIST");
        break;
      case 2:
        co_await list("UIDL");
        break;
      case 3:
        co_await retrieve(number, ~0u);
        break;
      case 4:
        co_await retrieve(number, below(4));
        break;
      case 5:
        co_await say("DELE " + n, exists);
        if (exists) messages_[number - 1].is_marked = true;
        break;
      case 6:
        co_await say("RSET", true);
        for (Message& message : messages_) message.is_marked = false;
        break;
      default:
        co_await say("LIST " + n, exists);
    }
  }

  Task<> stat() {
    std::size_t count = 0, size = 0;
    for (const Message& message : messages_) {
      count += !message.is_marked;
      size += message.is_marked ? 0 : message.octets.size();
    }
    const std::string reply = co_await say("STAT", true);
    demand(reply == "+OK " + std::to_string(count) + " " + std::to_string(size), "STAT: " + reply);
  }

  Task<> list(std::string command) {
    co_await say(command, true);
    const std::vector<std::string> rows = lines_of(co_await block());
    std::vector<std::string> expected;
    for (std::size_t i = 0; i < messages_.size(); ++i) {
      if (!messages_[i].is_marked) expected.push_back(std::to_string(i + 1) + " ");
      if (!messages_[i].is_marked && command == "LIST")
        expected.back() += std::to_string(messages_[i].octets.size());
    }
    demand(rows.size() == expected.size(), command + ": another number of rows");
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const bool fits =
          command == "LIST" ? rows[i] == expected[i] : rows[i].starts_with(expected[i]);
      demand(fits, command + ": " + rows[i]);
    }
  }

  /// RETR, or TOP with so many lines.
  Task<> retrieve(std::uint32_t number, std::uint32_t lines) {
    const bool exists =
        number >= 1 && number <= messages_.size() && !messages_[number - 1].is_marked;
    const bool is_top = lines != ~0u;
    const std::string command = (is_top ? "TOP " : "RETR ") + std::to_string(number) +
                                (is_top ? " " + std::to_string(lines) : "");
    co_await say(command, exists);
    if (!exists) co_return;
    const std::vector<std::string> told = lines_of(co_await block());
    std::vector<std::string> expected = lines_of(messages_[number - 1].octets);
    const auto blank = std::ranges::find(expected, "");
    if (is_top && blank != expected.end()) {
      const auto kept = static_cast<std::size_t>(blank - expected.begin()) + 1 + lines;
      expected.resize(std::min(expected.size(), kept));
    }
    demand(told == expected, command + ": other lines");
  }

  /// Gives the status line.
  Task<std::string> say(std::string command, bool is_fine) {
    co_await peer_->stream.write(command + "\r\n");
    std::string reply = co_await line();
    demand(reply.starts_with(is_fine ? "+OK" : "-ERR "), command + ": " + reply);
    co_return reply;
  }
  Task<std::string> line() {
    const net::Stream::Line read = co_await peer_->stream.read_line(100'000, patience);
    demand(!read.too_long, "a line without end");
    co_return std::string(read.text);
  }
  /// A multi-line answer, unstuffed.
  Task<std::string> block() {
    std::string text;
    while (true) {
      std::string next = co_await line();
      if (next == ".") co_return text;
      if (next.starts_with(".")) {
        demand(next.starts_with(".."), "a dot that is not stuffed");
        next.erase(0, 1);
      }
      text += next + "\r\n";
    }
  }

  struct Message {
    std::string octets;
    bool is_marked = false;
  };
  std::string_view bytes_;
  SessionWorld world_;
  std::vector<Message> messages_;
  Peer* peer_ = nullptr;
};

/// Any bytes, after a login or instead of one.
void talk(std::string_view bytes, bool after_login) {
  SessionWorld world;
  std::string input = after_login ? "USER ann\r\nPASS secret\r\n" : "";
  input += bytes;
  const std::string replies =
      SessionWorld::loop().run_until_done(converse(connect(world), std::move(input)));
  demand(replies.starts_with("+OK ") && replies.ends_with("\r\n"), "no replies: " + replies);
  for (std::size_t at = 0; at < replies.size(); ++at) {
    const bool is_line_end = replies[at] == '\r' && replies[at + 1] == '\n';
    at += is_line_end;
    const auto c = static_cast<unsigned char>(replies[at]);
    demand(is_line_end || (c >= ' ' && c < 0x7f), "an unclean reply");
  }
}

}  // namespace
}  // namespace postern::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace postern::fuzz;
  return talk_or_play(data, size, talk, [](std::string_view dice) {
    Game game(dice);
    game.play();
  });
}
