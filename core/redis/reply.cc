// core/redis/reply.cc: hiredis's reader builds Reply values directly.
#include "core/redis/reply.h"

#include <hiredis/hiredis.h>
#include <hiredis/read.h>

#include <memory>
#include <new>

#include "core/error.h"
#include "core/number.h"

namespace postern::redis {

std::int64_t Reply::integer() const {
  if (kind == Kind::integer) return number;
  return parse_number<std::int64_t>(text).value_or(0);
}

const Reply& Reply::at(std::size_t index) const {
  static const Reply nil;
  return index < items.size() ? items[index] : nil;
}

const Reply& Reply::field(std::string_view name) const {
  for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
    if (items[i].text == name) return items[i + 1];
  }
  return at(items.size());
}

namespace {

constexpr std::size_t most_items = 1'000'000;  // of one reply, all levels together

/// Where hiredis wants its next value: the root, or a place in an array that waits for it.
Reply* place(const redisReadTask* task, std::size_t more) {
  auto* const items = static_cast<std::size_t*>(task->privdata);
  if (task->parent == nullptr) *items = 0;
  if (more > most_items - *items) return nullptr;
  *items += more;
  if (task->parent == nullptr) return new (std::nothrow) Reply;
  return &static_cast<Reply*>(task->parent->obj)->items[static_cast<std::size_t>(task->idx)];
}

void* make_string(const redisReadTask* task, char* bytes, std::size_t length) {
  Reply* const reply = place(task, 0);
  if (reply == nullptr) return nullptr;
  reply->kind = task->type == REDIS_REPLY_ERROR    ? Reply::Kind::error
                : task->type == REDIS_REPLY_STATUS ? Reply::Kind::status
                                                   : Reply::Kind::string;
  reply->text.assign(bytes, length);
  return reply;
}

void* make_array(const redisReadTask* task, int elements) {
  const std::size_t count = elements > 0 ? static_cast<std::size_t>(elements) : 0;
  Reply* const reply = place(task, count);
  if (reply == nullptr) return nullptr;
  reply->kind = Reply::Kind::array;
  reply->items.resize(count);
  return reply;
}

void* make_integer(const redisReadTask* task, long long value) {
  Reply* const reply = place(task, 0);
  if (reply == nullptr) return nullptr;
  reply->kind = Reply::Kind::integer;
  reply->number = value;
  return reply;
}

void* make_nil(const redisReadTask* task) { return place(task, 0); }

void free_reply(void* reply) { delete static_cast<Reply*>(reply); }

redisReplyObjectFunctions functions{make_string, make_array, make_integer, make_nil, free_reply};

}  // namespace

struct Decoder::Budget {
  std::size_t items = 0;
};

Decoder::Decoder() : budget_(std::make_unique<Budget>()) {
  reader_ = redisReaderCreateWithFunctions(&functions);
  if (reader_ == nullptr) throw std::bad_alloc();
  reader_->privdata = &budget_->items;
}

Decoder::~Decoder() { redisReaderFree(reader_); }

void Decoder::feed(std::string_view bytes) {
  if (redisReaderFeed(reader_, bytes.data(), bytes.size()) != REDIS_OK) {
    throw IoError("Redis: out of memory for a reply");
  }
}

std::optional<Reply> Decoder::next() {
  void* object = nullptr;
  if (redisReaderGetReply(reader_, &object) != REDIS_OK) {
    throw IoError(std::string("Redis does not speak its protocol: ") + reader_->errstr);
  }
  if (object == nullptr) return std::nullopt;
  const std::unique_ptr<Reply> reply(static_cast<Reply*>(object));
  return std::move(*reply);
}

void encode(const std::vector<std::string>& arguments, std::string& wire) {
  const auto append_length = [&](char kind, std::size_t length) {
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, length).ptr;
    wire += kind;
    wire.append(digits, end);
    wire += "\r\n";
  };
  append_length('*', arguments.size());
  for (const std::string& argument : arguments) {
    append_length('$', argument.size());
    wire += argument;
    wire += "\r\n";
  }
}

}  // namespace postern::redis
