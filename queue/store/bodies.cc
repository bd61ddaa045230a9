// queue/store/bodies.cc: where the bytes of a message lie, and who removes them.
#include "core/async/offload.h"
#include "queue/spool/spool.h"
#include "queue/store/codec.h"
#include "queue/store/queue_impl.h"

namespace postern::queue {

namespace {

constexpr std::size_t shelve_batch = 100, shelve_bytes = 4 * 1024 * 1024, sweep_batch = 5000,
                      question_batch = 200;
constexpr std::chrono::hours kept_in_trash{7 * 24};

}  // namespace

/// Large bodies go to the spool, and each message has a file of its own.
Task<> Queue::Impl::prepare_body(NewMessage& message) {
  const Body& body = message.body;
  if (!body.is_in_spool() && body.size() <= largest_in_redis) co_return;
  Body stored = co_await offload(
      blocking, [&] { return spooled_for(body, settings.spool, message.id, node.writer()); });
  // Asked after the file was written: whatever is mounted later hides it.
  const bool is_ours = co_await spool_is_ours();
  if (!is_ours) {
    co_await offload(blocking, [&] { remove_spooled(stored); });
    throw IoError(settings.spool.string() + " is not the spool of this queue");
  }
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
    const redis::Reply reply = co_await impl_->run(verbs().show, {text(id)});
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
  const bool is_ours = co_await impl.spool_is_ours();
  if (!is_ours) co_return 0;
  const redis::Reply reply = co_await impl.run(
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
  const redis::Reply unwanted = co_await impl.run(verbs().shelve, std::move(arguments));
  for (const redis::Reply& file : unwanted.items) co_await impl.remove_file(file.text);
  co_return static_cast<std::size_t>(reply.at(0).integer());
}

/// The queue must be the one that was greeted, and is asked in the same breath.
Task<std::size_t> Queue::Impl::sweep_batch_of(std::vector<SpoolFile> files) {
  redis::Arguments arguments{epoch};
  for (const SpoolFile& one : files) {
    arguments.push_back(text(one.id));
    arguments.push_back(one.file.filename().string());
  }
  const redis::Reply unowned = co_await run(verbs().owned, std::move(arguments));
  const bool is_ours = co_await spool_is_ours();
  if (!is_ours) co_return 0;
  co_await offload(blocking, [&] {
    for (const redis::Reply& file : unowned.items) move_to_trash(settings.spool, file.text);
  });
  co_return unowned.items.size();
}

Task<std::size_t> Queue::sweep_spool(std::chrono::seconds age) {
  Impl& impl = *impl_;
  if (!impl.node.doubts().any().empty()) co_return 0;
  const auto now = std::filesystem::file_time_type::clock::now();
  std::vector<SpoolFile> files = co_await offload(impl.blocking, [&] {
    const std::filesystem::path trash = trash_of(impl.settings.spool);
    for (const SpoolFile& old : impl.trash.next(trash, kept_in_trash, now, sweep_batch)) {
      remove_spooled(Body::in_spool(old.file, 0));
    }
    return impl.sweep.next(impl.settings.spool, age, now, sweep_batch);
  });
  std::size_t moved = 0;
  for (std::size_t at = 0; at < files.size(); at += question_batch) {
    const std::size_t end = std::min(at + question_batch, files.size());
    moved += co_await impl.sweep_batch_of({files.begin() + static_cast<std::ptrdiff_t>(at),
                                           files.begin() + static_cast<std::ptrdiff_t>(end)});
  }
  co_return moved;
}

}  // namespace postern::queue
