// tests/fuzz/imap_session_fuzz.cc: two devices on one account do what the input says; a simple
// model of a mailbox predicts what they must see. Or any bytes: then the replies must be well
// formed.
#include <algorithm>
#include <functional>

#include "mailbox/imap/serve.h"
#include "tests/fuzz/imap_device.h"

namespace postern::fuzz {
namespace {

/// Decisions, drawn from the input; 0 when it is used up.
class Dice {
 public:
  explicit Dice(std::string_view bytes) : bytes_(bytes) {}
  bool is_empty() const { return bytes_.empty(); }
  std::uint32_t below(std::uint32_t limit) {
    if (bytes_.empty()) return 0;
    const auto value = static_cast<unsigned char>(bytes_.front());
    bytes_.remove_prefix(1);
    return value % limit;
  }
  bool coin() { return below(2) == 1; }
  std::string one_of(std::initializer_list<const char*> all) {
    return *(all.begin() + below(static_cast<std::uint32_t>(all.size())));
  }

 private:
  std::string_view bytes_;
};

/// A condition of SEARCH, as text and as the model understands it.
struct Key {
  std::string text;
  std::function<bool(const ModelMessage&, std::uint32_t number)> holds;
};

class Game {
 public:
  Game(SessionWorld& world, Dice dice) : world_(world), dice_(dice) {}

  Task<> play() {
    ImapDevice phone(connect()), desk(connect());
    co_await phone.log_in();
    co_await desk.log_in();
    while (!dice_.is_empty()) co_await turn(dice_.coin() ? phone : desk);
    for (ImapDevice* device : {&phone, &desk}) co_await device->say("NOOP");
  }

 private:
  Peer connect() {
    imap::Context context;
    world_.fill(context);
    context.pool = &SessionWorld::pool();
    context.scratch_folder = world_.folder();
    return world_.connect(
        [&](net::Stream stream) { return imap::serve(std::move(stream), context); });
  }

  Task<> turn(ImapDevice& device) {
    using Move = Task<> (Game::*)(ImapDevice&);
    static constexpr Move always[] = {&Game::append, &Game::select, &Game::manage, &Game::status,
                                      &Game::noop};
    static constexpr Move selected[] = {&Game::append,  &Game::fetch,  &Game::store, &Game::copy,
                                        &Game::expunge, &Game::search, &Game::noop,  &Game::leave,
                                        &Game::select,  &Game::manage, &Game::store};
    const Move move = device.folder() ? selected[dice_.below(std::size(selected))]
                                      : always[dice_.below(std::size(always))];
    return (this->*move)(device);
  }

  std::string folder_name() {
    return dice_.one_of({"INBOX", "F1", "F2", "F1/K", "F2/K", "INBOX/x"});
  }
  Flags flags() {
    Flags all;
    for (std::uint32_t count = dice_.below(4); count > 0; --count)
      all.insert(dice_.one_of({"\\seen", "\\deleted", "\\flagged", "$a", "$b", "\\draft"}));
    return all;
  }
  static std::string write(const Flags& flags) {
    std::string text = "(";
    for (const std::string& flag : flags) text += (text.size() > 1 ? " " : "") + flag;
    return text + ")";
  }
  ModelSet set(bool by_uid, const ImapDevice& device) {
    const auto largest = static_cast<std::uint32_t>(
        by_uid ? (device.view().empty() ? 3 : device.view().back() + 1) : device.view().size());
    const auto number = [&] { return dice_.below(largest + 1); };  // 0: the star
    ModelSet set;
    do {
      const std::uint32_t first = number();
      set.parts.emplace_back(first, dice_.coin() ? number() : first);
    } while (set.parts.size() < 3 && dice_.below(3) == 1);
    return set;
  }
  /// Checks the end of a command.
  static void expect(const std::vector<test::ImapReply>& replies, std::string_view name,
                     const std::string& command) {
    demand(replies.back().name == name, command + ": expected " + std::string(name) + ", got " +
                                            replies.back().name + " " + replies.back().text);
  }

  Task<> noop(ImapDevice& device) {
    const auto replies = co_await device.say(dice_.coin() ? "NOOP" : "CAPABILITY");
    expect(replies, "OK", "NOOP");
  }

  Task<> append(ImapDevice& device) {
    const std::string name = folder_name();
    const Flags given = flags();
    const std::string number = std::to_string(dice_.below(3));
    std::string octets =
        "From: a@b.example\r\nSubject: number " + number + "\r\n\r\nBody " + number;
    octets.append(dice_.below(3) * 40, 'x');
    octets += "\r\n";
    const std::string command = "APPEND " + name + " " + write(given) + " {" +
                                std::to_string(octets.size()) + "+}\r\n" + octets;
    const FolderRef folder = model_.find(name);
    const std::uint32_t uid = folder ? folder->add(given, octets) : 0;
    const auto replies = co_await device.say(command);
    expect(replies, folder ? "OK" : "NO", command);
    const std::string& code = replies.back().code;
    if (!folder) co_return demand(code == "TRYCREATE", command + ": no TRYCREATE");
    demand(code.starts_with("APPENDUID ") && code.ends_with(" " + std::to_string(uid)),
           command + ": another UID than " + std::to_string(uid) + ": " + code);
  }

  Task<> select(ImapDevice& device) {
    const std::string name = folder_name();
    const bool is_read_only = dice_.below(4) == 1;
    const FolderRef folder = model_.find(name);
    device.select(folder, is_read_only);
    const std::string command = (is_read_only ? "EXAMINE " : "SELECT ") + name;
    const auto replies = co_await device.say(command);
    expect(replies, folder ? "OK" : "NO", command);
    if (!folder) co_return;
    const std::string next = "UIDNEXT " + std::to_string(folder->uid_next);
    demand(std::ranges::any_of(replies, [&](const auto& reply) { return reply.code == next; }),
           command + ": another UIDNEXT than " + next);
  }

  Task<> manage(ImapDevice& device) {
    const std::string name = folder_name();
    const std::string to = folder_name();
    std::string command;
    bool is_fine = false;
    switch (dice_.below(3)) {
      case 0:
        command = "CREATE " + name;
        is_fine = model_.create(name);
        break;
      case 1:
        command = "DELETE " + name;
        is_fine = model_.remove(name);
        break;
      default:
        command = "RENAME " + name + " " + to;
        is_fine = model_.rename(name, to);
    }
    const auto replies = co_await device.say(command);
    expect(replies, is_fine ? "OK" : "NO", command);
  }

  Task<> status(ImapDevice& device) {
    const std::string name = folder_name();
    const FolderRef folder = model_.find(name);
    const std::string command = "STATUS " + name + " (MESSAGES UIDNEXT UNSEEN SIZE)";
    const auto replies = co_await device.say(command);
    expect(replies, folder ? "OK" : "NO", command);
    if (!folder) co_return;
    std::uint64_t unseen = 0, size = 0;
    for (const ModelMessage& message : folder->messages) {
      unseen += !message.flags.contains("\\seen");
      size += message.octets.size();
    }
    const auto found = std::ranges::find(replies, "STATUS", &test::ImapReply::name);
    demand(found != replies.end(), command + ": no answer");
    const std::map<std::string, std::uint64_t> expected{{"MESSAGES", folder->messages.size()},
                                                        {"UIDNEXT", folder->uid_next},
                                                        {"UNSEEN", unseen},
                                                        {"SIZE", size}};
    demand(found->items == expected, command + ": wrong numbers");
  }

  Task<> leave(ImapDevice& device) {
    const bool closes = dice_.coin();
    if (closes && !device.is_read_only()) remove_deleted(*device.folder());
    device.unselect();
    const auto replies = co_await device.say(closes ? "CLOSE" : "UNSELECT");
    expect(replies, "OK", "CLOSE");
  }

  Task<> fetch(ImapDevice& device) {
    const bool by_uid = dice_.coin();
    const ModelSet wanted = set(by_uid, device);
    const std::string item = dice_.one_of({"FLAGS", "BODY.PEEK[]", "BODY[TEXT]", "ENVELOPE",
                                           "BODYSTRUCTURE", "BODY.PEEK[HEADER.FIELDS (SUBJECT)]",
                                           "BODY.PEEK[1.MIME]", "BODY[]<3.9>", "ALL"});
    const std::string command = (by_uid ? "UID FETCH " : "FETCH ") + wanted.text() + " " +
                                (item == "ALL" ? item : "(RFC822.SIZE " + item + ")");
    const bool is_legal =
        by_uid || wanted.is_within(static_cast<std::uint32_t>(device.view().size()));
    const auto uids = device.chosen(wanted, by_uid);
    std::size_t there = 0;
    for (const std::uint32_t uid : uids) {
      ModelMessage* message = device.folder()->find(uid);
      there += message != nullptr;
      const bool sets_seen = item.starts_with("BODY[") && !device.is_read_only();
      if (is_legal && message && sets_seen) message->flags.insert("\\seen");
    }
    const auto replies = co_await device.say(command, by_uid);
    if (!is_legal) co_return expect(replies, "BAD", command);
    expect(replies, there == uids.size() || by_uid ? "OK" : "NO", command);
    check_fetched(device, replies, command, by_uid, there);
  }

  void check_fetched(const ImapDevice& device, const std::vector<test::ImapReply>& replies,
                     const std::string& command, bool by_uid, std::size_t expected) {
    std::size_t answers = 0;
    for (const test::ImapReply& reply : replies) {
      if (reply.name != "FETCH" || !reply.fetched.size) continue;  // others tell changed flags
      ++answers;
      demand(!by_uid || reply.fetched.uid, command + ": no UID");
      const auto whole = reply.fetched.sections.find("BODY[]");
      if (whole == reply.fetched.sections.end() || reply.number > device.view().size()) continue;
      if (!reply.fetched.uid) continue;
      const ModelMessage* message = device.folder()->find(*reply.fetched.uid);
      demand(message == nullptr || whole->second == message->octets, command + ": other octets");
    }
    demand(answers == expected, command + ": " + std::to_string(answers) + " answers for " +
                                    std::to_string(expected) + " messages");
  }

  Task<> store(ImapDevice& device) {
    const bool by_uid = dice_.coin();
    const ModelSet wanted = set(by_uid, device);
    const std::string sign = dice_.one_of({"", "+", "-"});
    const bool is_silent = dice_.coin();
    const Flags given = flags();
    const std::string command = (by_uid ? "UID STORE " : "STORE ") + wanted.text() + " " + sign +
                                "FLAGS" + (is_silent ? ".SILENT " : " ") + write(given);
    const auto uids = device.chosen(wanted, by_uid);
    std::string expected = "OK";
    if (device.is_read_only()) {
      expected = "NO";
    } else if (!by_uid && !wanted.is_within(static_cast<std::uint32_t>(device.view().size()))) {
      expected = "BAD";
    } else {
      for (const std::uint32_t uid : uids) {
        ModelMessage* message = device.folder()->find(uid);
        if (message == nullptr && !by_uid) expected = "NO";
        if (message == nullptr) continue;
        change(message->flags, sign, given);
        Flags* believed = is_silent ? device.believed(uid) : nullptr;
        if (believed != nullptr) change(*believed, sign, given);
      }
    }
    const auto replies = co_await device.say(command, by_uid);
    expect(replies, expected, command);
  }

  static void change(Flags& flags, const std::string& sign, const Flags& given) {
    if (sign.empty()) flags = given;
    if (sign == "+") flags.insert(given.begin(), given.end());
    if (sign == "-")
      std::erase_if(flags, [&](const std::string& flag) { return given.contains(flag); });
  }

  Task<> copy(ImapDevice& device) {
    const bool by_uid = dice_.coin(), moves = dice_.coin();
    const ModelSet wanted = set(by_uid, device);
    const std::string name = folder_name();
    const std::string command = std::string(by_uid ? "UID " : "") + (moves ? "MOVE " : "COPY ") +
                                wanted.text() + " " + name;
    const auto uids = device.chosen(wanted, by_uid);
    const FolderRef source = device.folder(), target = model_.find(name);
    std::string expected = "OK";
    std::vector<std::uint32_t> from, to;
    if (moves && device.is_read_only()) {
      expected = "NO";
    } else if (!by_uid && !wanted.is_within(static_cast<std::uint32_t>(device.view().size()))) {
      expected = "BAD";
    } else if (!uids.empty()) {
      if (target) transfer(*source, *target, uids, moves, from, to);
      if (from.empty()) expected = "NO";
    }
    const auto replies = co_await device.say(command);
    expect(replies, expected, command);
    if (!from.empty()) check_copyuid(replies, from, to, command);
  }

  static void transfer(ModelFolder& source, ModelFolder& target,
                       const std::vector<std::uint32_t>& uids, bool moves,
                       std::vector<std::uint32_t>& from, std::vector<std::uint32_t>& to) {
    std::vector<ModelMessage> taken;
    for (const std::uint32_t uid : uids) {
      if (const ModelMessage* message = source.find(uid)) taken.push_back(*message);
    }
    for (const ModelMessage& message : taken) from.push_back(message.uid);
    if (moves) source.remove({from.begin(), from.end()});
    for (const ModelMessage& message : taken)
      to.push_back(target.add(message.flags, message.octets));
  }

  static void check_copyuid(const std::vector<test::ImapReply>& replies,
                            const std::vector<std::uint32_t>& from,
                            const std::vector<std::uint32_t>& to, const std::string& command) {
    const auto found = std::ranges::find_if(
        replies, [](const auto& reply) { return reply.code.starts_with("COPYUID "); });
    demand(found != replies.end(), command + ": no COPYUID");
    const std::string& code = found->code;  // COPYUID validity from to
    const std::size_t second = code.find(' ', 8), third = code.find(' ', second + 1);
    const auto told_from = test::read_imap_set(code.substr(second + 1, third - second - 1));
    const auto told_to = test::read_imap_set(code.substr(third + 1));
    demand(told_from == from && told_to == to, command + ": wrong uids: " + code);
  }

  static void remove_deleted(ModelFolder& folder) {
    std::erase_if(folder.messages,
                  [](const ModelMessage& message) { return message.flags.contains("\\deleted"); });
  }

  Task<> expunge(ImapDevice& device) {
    ModelFolder& folder = *device.folder();
    std::string command = "EXPUNGE";
    if (dice_.coin()) {
      const ModelSet wanted = set(true, device);
      command = "UID EXPUNGE " + wanted.text();
      const auto uids = device.chosen(wanted, true);
      std::set<std::uint32_t> gone;
      for (const std::uint32_t uid : uids) {
        const ModelMessage* message = folder.find(uid);
        if (message != nullptr && message->flags.contains("\\deleted")) gone.insert(uid);
      }
      if (!device.is_read_only()) folder.remove(gone);
    } else if (!device.is_read_only()) {
      remove_deleted(folder);
    }
    const auto replies = co_await device.say(command);
    expect(replies, device.is_read_only() ? "NO" : "OK", command);
  }

  Key key(const ImapDevice& device, int depth) {
    const std::uint32_t choice = dice_.below(depth < 3 ? 9 : 6);
    if (choice == 0) return {"ALL", [](const auto&, std::uint32_t) { return true; }};
    if (choice == 1) {
      const std::string flag = dice_.one_of({"seen", "deleted", "flagged", "draft"});
      return {flag, [flag](const auto& message, std::uint32_t) {
                return message.flags.contains("\\" + flag);
              }};
    }
    if (choice == 2) {
      const std::string flag = dice_.one_of({"$a", "$b", "$none"});
      return {"KEYWORD " + flag,
              [flag](const auto& message, std::uint32_t) { return message.flags.contains(flag); }};
    }
    if (choice == 3) {
      const std::string word = dice_.one_of({"SUBJECT \"number 1\"", "BODY \"body 2\"", "TEXT xx"});
      const std::string part = word == "TEXT xx"          ? "xx"
                               : word.starts_with("BODY") ? "Body 2"
                                                          : "number 1";
      return {word, [part](const auto& message, std::uint32_t) {
                return message.octets.find(part) != std::string::npos;
              }};
    }
    if (choice <= 5) return set_key(device, choice == 5);
    if (choice == 6) {
      const Key inner = key(device, depth + 1);
      return {"NOT " + inner.text, [inner](const auto& message, std::uint32_t number) {
                return !inner.holds(message, number);
              }};
    }
    const Key left = key(device, depth + 1), right = key(device, depth + 1);
    if (choice == 7) {
      return {"OR " + left.text + " " + right.text,
              [left, right](const auto& message, std::uint32_t number) {
                return left.holds(message, number) || right.holds(message, number);
              }};
    }
    return {"(" + left.text + " " + right.text + ")",
            [left, right](const auto& message, std::uint32_t number) {
              return left.holds(message, number) && right.holds(message, number);
            }};
  }

  Key set_key(const ImapDevice& device, bool by_uid) {
    const ModelSet wanted = set(by_uid, device);
    const auto uids = device.chosen(wanted, by_uid);
    return {(by_uid ? "UID " : "") + wanted.text(), [uids](const auto& message, std::uint32_t) {
              return std::ranges::find(uids, message.uid) != uids.end();
            }};
  }

  Task<> search(ImapDevice& device) {
    const bool by_uid = dice_.coin(), is_extended = dice_.coin();
    const Key wanted = key(device, 0);
    std::vector<std::uint32_t> expected;
    for (std::uint32_t number = 1; number <= device.view().size(); ++number) {
      const ModelMessage* message = device.folder()->find(device.view()[number - 1]);
      if (message != nullptr && wanted.holds(*message, number))
        expected.push_back(by_uid ? message->uid : number);
    }
    const std::string command = std::string(by_uid ? "UID " : "") + "SEARCH " +
                                (is_extended ? "RETURN (ALL COUNT) " : "") + wanted.text;
    const auto replies = co_await device.say(command, by_uid);
    expect(replies, "OK", command);
    const auto found =
        std::ranges::find(replies, is_extended ? "ESEARCH" : "SEARCH", &test::ImapReply::name);
    demand(found != replies.end(), command + ": no answer");
    std::vector<std::uint32_t> told = found->numbers;
    if (is_extended && !found->all.empty()) told = *test::read_imap_set(found->all);
    demand(told == expected, command + ": found others");
    demand(!is_extended || found->items.at("COUNT") == expected.size(), command + ": wrong COUNT");
  }

  SessionWorld& world_;
  Dice dice_;
  MailboxModel model_;
};

/// Any bytes, after a login or instead of one.
void talk(std::string_view bytes, bool after_login) {
  SessionWorld world;
  imap::Context context;
  world.fill(context);
  context.pool = &SessionWorld::pool();
  context.scratch_folder = world.folder();
  context.message_size = 100'000;
  Peer peer =
      world.connect([&](net::Stream stream) { return imap::serve(std::move(stream), context); });
  std::string input = after_login ? "a LOGIN ann secret\r\nb SELECT INBOX\r\n" : "";
  input += bytes;
  const std::string replies =
      SessionWorld::loop().run_until_done(converse(std::move(peer), std::move(input)));
  for (std::string_view rest = replies; !rest.empty();) {
    const std::size_t length = test::imap_reply_length(rest);
    demand(length > 0, "a reply that is cut off: " + std::string(rest.substr(0, 1000)));
    const auto reply = test::read_imap_reply(rest.substr(0, length - 2));
    if (!reply) wrong(reply.error());
    rest.remove_prefix(length);
  }
}

}  // namespace
}  // namespace postern::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace postern::fuzz;
  return talk_or_play(data, size, talk, [](std::string_view dice) {
    SessionWorld world;
    Game game(world, Dice(dice));
    SessionWorld::loop().run_until_done(game.play());
  });
}
