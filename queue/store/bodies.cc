// queue/store/bodies.cc: where the bytes of a message lie, and who removes them.
#include "core/async/offload.h"
#include "queue/spool/spool.h"
#include "queue/store/codec.h"
#include "queue/store/queue_impl.h"

namespace postern::queue {

namespace {

constexpr std::size_t shelve_batch = 100, shelve_bytes = 4 * 1024 * 1024, sweep_batch = 5000;

}  // namespace

/// Large bodies go to the spool, and each message has a file of its own.
Task<> Queue::Impl::prepare_body(NewMessage& message) {
  const Body& body = message.body;
  if (!body.is_in_spool() && body.size() <= largest_in_redis) co_return;
  Body stored = co_await offload(
      blocking, [&] { return spooled_for(body, settings.spool, message.id, node.writer()); });
  // The first attempt starts from the bytes in memory; what lies in the spool is for later ones.
  message.body = std::move(stored);
}

Task<> Queue::Impl::remove_file(std::string file) {
  if (file.empty()) co_return;
  const Body body = Body::in_spool(settings.spool / file, 0);
  co_await offload(blocking, [&] { remove_spooled(body); });
}

Task<std::optional<Body>> Queue::body(QueueId id) {
  // Twice: between the two questions shelve_bodies may move it.
  for (int look = 0; look < 2; ++look) {
    const redis::Reply reply = co_await impl_->redis.run(verbs().show, {text(id)});
    if (reply.items.empty() || !reply.at(0).at(3).text.empty()) co_return std::nullopt;
    if (const std::string& file = reply.at(2).text; !file.empty()) {
      const std::uint64_t bytes = decode_info(id, reply.at(0).at(1).text).bytes;
      co_return Body::in_spool(impl_->settings.spool / file, bytes);
    }
    redis::Reply bytes = co_await impl_->redis.call({"GET", "q:b:" + text(id)});
    if (!bytes.is_nil()) co_return Body::in_memory(std::move(bytes.text));
  }
  co_return std::nullopt;
}

Task<std::size_t> Queue::shelve_bodies() {
  Impl& impl = *impl_;
  const redis::Reply reply = co_await impl.redis.run(
      verbs().bulky, {std::to_string(shelve_batch), std::to_string(shelve_bytes)});
  std::vector<Waiting> batch;
  for (const redis::Reply& item : reply.at(1).items) {
    const auto id = parse_queue_id(item.at(0).text);
    if (id) batch.push_back({*id, item.at(1).text});
  }
  if (batch.empty()) co_return static_cast<std::size_t>(reply.at(0).integer());
  // A name that no earlier batch used: of one whose answer was lost the files may be owned by now.
  const std::string writer = impl.node.writer() + "." + std::to_string(impl.settings.worker) + "-" +
                             std::to_string(++impl.shelved);
  const std::vector<Body> bodies = co_await offload(
      impl.blocking, [&] { return spool_all(impl.settings.spool, batch, writer); });
  redis::Arguments arguments;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    arguments.push_back(text(batch[i].id));
    arguments.push_back(bodies[i].file().filename().string());
  }
  // When the answer is lost, files that nobody owns are left to the sweep.
  const redis::Reply unwanted = co_await impl.redis.run(verbs().shelve, std::move(arguments));
  for (const redis::Reply& file : unwanted.items) co_await impl.remove_file(file.text);
  co_return static_cast<std::size_t>(reply.at(0).integer());
}

Task<std::size_t> Queue::sweep_spool(std::chrono::seconds age) {
  Impl& impl = *impl_;
  const std::vector<SpoolFile> files = co_await offload(impl.blocking, [&] {
    return impl.sweep.next(impl.settings.spool, age, std::filesystem::file_time_type::clock::now(),
                           sweep_batch);
  });
  std::size_t removed = 0;
  for (const SpoolFile& one : files) {
    const redis::Reply reply =
        co_await impl.redis.call({"HMGET", "q:m:" + text(one.id), "path", "done"});
    const std::string name = one.file.filename().string();
    if (reply.at(0).text == name && reply.at(1).is_nil()) continue;
    co_await impl.remove_file(name);
    ++removed;
  }
  co_return removed;
}

}  // namespace postern::queue
