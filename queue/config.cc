// queue/config.cc: reads [queue]: Redis, the spool, and when to try again.
#include "queue/config.h"

#include "core/config/reader.h"
#include "core/redis/connection.h"

namespace postern::queue {

namespace {

using config::Section;

constexpr std::uint64_t least_memory = 16'000'000;

RetrySchedule::Settings read_retry(Section section) {
  RetrySchedule::Settings retry;
  section.take_duration("first", retry.first, std::chrono::milliseconds(100));
  section.take_fraction("factor", retry.factor, 1, 100);
  section.take_duration("max", retry.max, std::chrono::milliseconds(100));
  section.take_fraction("jitter", retry.jitter, 0, 1);
  if (retry.first > retry.max) {
    section.mistake("max", "retry.max is shorter than retry.first");
  }
  section.finish();
  return retry;
}

SentinelGroup read_sentinels(Section section) {
  SentinelGroup group;
  section.take_list("sentinels", group.sentinels, config::parse_host_port);
  section.take("name", group.name);
  section.require("sentinels", R"(["host:26379", …])");
  section.require("name", "the master's name");
  section.finish();
  return group;
}

std::optional<RedisShard> read_shard(Section& section, const toml::node& node, bool alone) {
  constexpr std::string_view allowed =
      R"("managed", "unix:///path", "redis://user:pass@host:6379/0", { sentinels = […], name = … } or an array of these)";
  if (const toml::table* table = node.as_table()) {
    section.report().not_yet(config::line_of(node), "Redis Sentinel");
    return read_sentinels(Section(section.report(), *table, "queue.redis"));
  }
  const auto text = node.value_exact<std::string>();
  if (text == "managed") {
    if (alone) return Managed{};
    section.report().mistake(config::line_of(node),
                             "queue.redis: \"managed\" stands alone, not among shards");
    return std::nullopt;
  }
  if (text) {
    if (const auto url = redis::Url::parse(*text); url) return RedisUrl{*text};
  }
  // The text may hold a password: it is not repeated.
  section.report().mistake(config::line_of(node), "queue.redis must be " + std::string(allowed));
  return std::nullopt;
}

void read_redis(Section& section, Config& queue) {
  const toml::node* node = section.find("redis");
  if (node == nullptr) return;
  std::vector<RedisShard> shards;
  if (const toml::array* array = node->as_array()) {
    if (array->empty()) section.mistake("redis", "queue.redis is empty: name at least one");
    if (array->size() > 1)
      section.report().not_yet(config::line_of(*node), "a queue of several shards");
    for (const toml::node& item : *array) {
      if (auto shard = read_shard(section, item, array->size() == 1))
        shards.push_back(std::move(*shard));
    }
  } else if (auto shard = read_shard(section, *node, true)) {
    shards.push_back(std::move(*shard));
  }
  if (!shards.empty()) queue.redis = std::move(shards);
}

}  // namespace

Config read_config(Section section, const config::Path& data_dir) {
  Config queue;
  read_redis(section, queue);
  section.take_size("memory_limit", queue.memory_limit);
  if (queue.memory_limit < least_memory) {
    section.mistake("memory_limit", "memory_limit must be 16MB or more");
  }
  section.take_size("disk_reserve", queue.disk_reserve);
  std::string spool = "spool";
  section.take("spool", spool);
  if (spool.empty()) section.mistake("spool", "spool must be a folder");
  queue.spool = (data_dir / spool).lexically_normal();
  if (const toml::table* inner = section.table("retry")) {
    queue.retry = read_retry(Section(section.report(), *inner, "retry"));
  }
  section.take_duration("expire", queue.retry.expire);
  section.take_duration("warn_after", queue.retry.warn_after, config::Milliseconds(0));
  section.finish();
  return queue;
}

}  // namespace postern::queue
