// queue/store/codec.cc: short keys, absent when empty: this is what a million waiting messages
// cost.
#include "queue/store/codec.h"

#include "core/json.h"

namespace postern::queue {

namespace {

using std::chrono::milliseconds;

Json parse(std::string_view text) {
  Json json = parse_json(text);
  if (json.is_discarded()) throw IoError("the queue holds an entry that cannot be read");
  return json;
}

void put(Json& json, const char* key, std::string_view text, std::size_t most = 1000) {
  if (!text.empty()) json[key] = std::string(text.substr(0, most));
}

std::string get(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::int64_t number(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

bool flag(const Json& json, const char* key) { return number(json, key) != 0; }

std::int64_t to_number(WallTime time) {
  return std::chrono::duration_cast<milliseconds>(time.time_since_epoch()).count();
}

mail::EmailAddress address(const std::string& text) {
  auto parsed = mail::EmailAddress::parse(text);
  if (!parsed) throw IoError("the queue holds an address that cannot be read");
  return *std::move(parsed);
}

void put_options(Json& json, const mail::MessageOptions& options) {
  if (options.eight_bit) json["8"] = 1;
  if (options.smtputf8) json["u"] = 1;
  put(json, "e", options.envid);
  put(json, "r", mail::ret_text(options.ret));
}

mail::MessageOptions get_options(const Json& json) {
  return {.eight_bit = flag(json, "8"),
          .smtputf8 = flag(json, "u"),
          .envid = get(json, "e"),
          .ret = mail::parse_ret(get(json, "r")).value_or(mail::Ret::unset)};
}

}  // namespace

std::string encode_info(const MessageInfo& info, std::uint64_t bytes) {
  Json json{{"t", to_number(info.received)}, {"s", info.size}, {"b", bytes}};
  if (info.sender) json["f"] = info.sender->text();
  put_options(json, info.options);
  if (info.signed_here) json["k"] = 1;
  put(json, "a", info.account);
  put(json, "c", info.client);
  put(json, "m", info.message_id);
  put(json, "j", info.subject, 256);
  return write_json(json);
}

StoredInfo decode_info(QueueId id, std::string_view text) {
  const Json json = parse(text);
  StoredInfo stored;
  MessageInfo& info = stored.info;
  info.id = id;
  if (const std::string sender = get(json, "f"); !sender.empty()) info.sender = address(sender);
  info.options = get_options(json);
  info.signed_here = flag(json, "k");
  info.account = get(json, "a");
  info.client = get(json, "c");
  info.message_id = get(json, "m");
  info.subject = get(json, "j");
  info.size = static_cast<std::uint64_t>(number(json, "s"));
  info.received = to_time(number(json, "t"));
  stored.bytes = static_cast<std::uint64_t>(number(json, "b"));
  return stored;
}

std::string encode_recipients(const std::vector<mail::Recipient>& recipients) {
  Json list = Json::array();
  for (const mail::Recipient& recipient : recipients) {
    Json json{{"a", recipient.address.text()}};
    put(json, "o", recipient.orcpt);
    put(json, "n", mail::notify_text(recipient.notify));
    list.push_back(std::move(json));
  }
  return write_json(list);
}

std::vector<mail::Recipient> decode_recipients(std::string_view text) {
  std::vector<mail::Recipient> recipients;
  for (const Json& json : parse(text)) {
    mail::Notify notify;
    if (const std::string wish = get(json, "n"); !wish.empty()) {
      notify = mail::parse_notify(wish).value_or(mail::Notify{});
    }
    recipients.push_back({address(get(json, "a")), get(json, "o"), notify});
  }
  return recipients;
}

std::string encode_fact(const Fact& fact) {
  Json json{{"t", to_number(fact.at)}, {"f", name(fact.kind)}};
  if (fact.delivery != 0) json["d"] = fact.delivery;
  if (fact.attempt != 0) json["n"] = fact.attempt;
  put(json, "r", fact.recipient);
  put(json, "s", fact.status);
  put(json, "w", fact.reply, 512);
  put(json, "h", fact.host);
  put(json, "a", fact.address);
  put(json, "l", fact.tls);
  return write_json(json);
}

std::optional<Fact> decode_fact(std::string_view text) {
  const Json json = parse(text);
  Fact fact;
  fact.at = to_time(number(json, "t"));
  const auto kind = parse_fact_kind(get(json, "f"));
  if (!kind) return std::nullopt;
  fact.kind = *kind;
  fact.delivery = static_cast<unsigned>(number(json, "d"));
  fact.attempt = static_cast<unsigned>(number(json, "n"));
  fact.recipient = get(json, "r");
  fact.status = get(json, "s");
  fact.reply = get(json, "w");
  fact.host = get(json, "h");
  fact.address = get(json, "a");
  fact.tls = get(json, "l");
  return fact;
}

WallTime to_time(std::int64_t number) {
  constexpr std::int64_t most = std::chrono::floor<milliseconds>(WallTime::duration::max()).count();
  if (number > most || number < -most) throw IoError("the queue holds a time that cannot be read");
  return WallTime(milliseconds(number));
}

}  // namespace postern::queue
