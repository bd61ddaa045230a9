// queue/model/node.cc: the node's name and the queue's epoch, in two small files under data_dir.
#include "queue/model/node.h"

#include <random>

#include "core/descriptor.h"

namespace postern::queue {

namespace {

std::string random_name(std::size_t length) {
  constexpr std::string_view letters = "abcdefghjkmnpqrstvwxyz0123456789";
  std::random_device source;
  std::string name;
  while (name.size() < length) name += letters[source() % letters.size()];
  return name;
}

/// A name that is safe in keys and file names, or empty.
std::string checked(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  const bool safe = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789") == text.npos;
  return safe && text.size() <= 32 ? text : std::string();
}

std::int64_t ticks(std::chrono::steady_clock::time_point time) {
  return time.time_since_epoch().count();
}

}  // namespace

Node::Node(std::filesystem::path data_dir) : data_dir_(std::move(data_dir)) {
  name_ = checked(read_small(data_dir_ / "node"));
  if (name_.empty()) {
    name_ = random_name(10);
    write_durably(data_dir_ / "node", name_ + "\n");
  }
  writer_ = name_ + "." + random_name(8);
}

bool Node::still_ours(std::chrono::steady_clock::time_point now) const {
  const std::int64_t confirmed = confirmed_.load(std::memory_order_acquire);
  return confirmed != 0 && ticks(now - lease_in_use) < confirmed;
}

void Node::confirm(std::chrono::steady_clock::time_point sent) {
  confirmed_.store(ticks(sent), std::memory_order_release);
}

std::string Node::epoch() const { return checked(read_small(data_dir_ / "queue.epoch")); }

void Node::remember_epoch(const std::string& epoch) {
  write_durably(data_dir_ / "queue.epoch", epoch + "\n");
}

std::string Node::propose_epoch() { return random_name(24); }

}  // namespace postern::queue
