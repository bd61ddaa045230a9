// relay/intake/body_keeper.h: where the octets of a message wait while it arrives.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "core/async/offload.h"
#include "queue/spool/spool.h"

namespace postern::relay {

/// In memory while they are few, else in the spool, so that a session needs the same memory
/// whatever the size. The head (our fields and the message's header) stands before the rest, and
/// may be written again in the same length: a signature is known only when all has been seen.
class BodyKeeper {
 public:
  struct Place {
    ThreadPool& pool;
    std::filesystem::path folder;
    std::string writer;  ///< queue::Node::writer
  };
  BodyKeeper(const Place& place, queue::QueueId id) : place_(place), id_(id) {}
  ~BodyKeeper();
  BodyKeeper(const BodyKeeper&) = delete;
  BodyKeeper& operator=(const BodyKeeper&) = delete;

  /// First of all, once.
  void set_head(std::string head);
  Task<> write(std::string_view octets);
  std::uint64_t size() const { return head_.size() + size_; }
  /// `head` replaces the one of set_head, and is as long.
  Task<queue::Body> finish(std::string head);
  /// Forgets all of it.
  void drop();

 private:
  bool is_crowded() const;
  Task<> spill();
  void count(std::size_t octets);

  const Place& place_;
  queue::QueueId id_;
  std::string head_;
  std::string pending_;        // what is not in the spool, behind the head
  std::uint64_t size_ = 0;     // behind the head
  std::uint64_t counted_ = 0;  // our share of what all messages hold in memory
  std::optional<queue::SpoolWriter> spool_;
};

}  // namespace postern::relay
