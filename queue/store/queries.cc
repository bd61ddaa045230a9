// queue/store/queries.cc: what operators ask of the queue and do to it.
#include <algorithm>

#include "core/json.h"
#include "core/log.h"
#include "core/mail/encodings.h"
#include "queue/store/codec.h"
#include "queue/store/queue_impl.h"
#include "queue/store/wire.h"

namespace postern::queue {

namespace {

/// As search.lua compares it: how JSON writes the text, ASCII in lower case.
std::string lower_json(const std::string& text) {
  const std::string quoted = write_json(Json(text));
  return mail::lower_case(std::string_view(quoted).substr(1, quoted.size() - 2));
}

/// None for what we did not write: one such entry must not hide the others. `row` is common.lua's.
template <class T>
std::optional<T> readable(T parse(const redis::Reply&), const redis::Reply& item,
                          const redis::Reply& row) {
  try {
    return parse(item);
  } catch (const IoError& error) {
    log::error("entry_unreadable", {{"id", row.at(0).text}, {"error", error.what()}});
    return std::nullopt;
  }
}

}  // namespace

Task<std::optional<MessageRow>> Queue::show(QueueId id) {
  auto timeline = co_await history(id);
  if (!timeline) co_return std::nullopt;
  co_return std::move(*timeline);
}

Task<std::optional<Timeline>> Queue::history(QueueId id) {
  const redis::Reply reply = co_await impl_->redis.run(verbs().show, {text(id)});
  if (reply.items.empty()) co_return std::nullopt;
  co_return parse_timeline(reply);
}

/// One of the two places where messages are: `place` is that of search.lua.
Task<> Queue::Impl::search_in(std::string place, const Sought& sought, std::size_t limit,
                              std::map<std::string, Timeline>& found) {
  constexpr const char* batch = "200";  // a few milliseconds of Redis's time
  const std::string text =
      lower_json(sought.message_id.empty() ? sought.address : sought.message_id);
  std::string from = place == "done" ? "0" : "";
  std::size_t hits = 0;
  do {
    const redis::Reply reply = co_await redis.run(verbs().search, {place, from, batch, text});
    for (const redis::Reply& item : reply.at(0).items) {
      auto timeline = readable(parse_timeline, item, item.at(0));
      if (!timeline || hits == limit || !sought.matches(*timeline)) continue;
      // What ended meanwhile is seen twice.
      std::string id = queue::text(timeline->id);
      hits += found.insert_or_assign(std::move(id), *std::move(timeline)).second ? 1 : 0;
    }
    from = reply.at(1).text;
  } while (!from.empty() && hits < limit);
}

Task<std::vector<Timeline>> Queue::search(Sought sought, std::size_t limit) {
  std::map<std::string, Timeline> found;  // ids sort by age
  co_await impl_->search_in("queued", sought, limit, found);
  co_await impl_->search_in("done", sought, limit, found);
  while (found.size() > limit) found.erase(found.begin());
  std::vector<Timeline> timelines;
  for (auto& [id, timeline] : found) timelines.push_back(std::move(timeline));
  co_return timelines;
}

Task<Queue::Page> Queue::list(Filter filter, std::optional<QueueId> after, std::size_t batch) {
  const redis::Reply reply = co_await impl_->redis.run(
      verbs().list, {after ? text(*after) : std::string(), std::to_string(batch)});
  Page page;
  for (const redis::Reply& item : reply.at(0).items) {
    auto row = readable(parse_row, item, item);
    if (row && filter.matches(*row)) page.rows.push_back(*std::move(row));
  }
  page.next = parse_queue_id(reply.at(1).text);
  co_return page;
}

Task<std::vector<MessageRow>> Queue::list_all(Filter filter, std::size_t limit) {
  std::vector<MessageRow> rows;
  std::optional<QueueId> after;
  do {
    Page page = co_await list(filter, after);
    for (MessageRow& row : page.rows) {
      rows.push_back(std::move(row));
      if (limit != 0 && rows.size() == limit) co_return rows;
    }
    after = page.next;
  } while (after);
  co_return rows;
}

Task<ActionResult> Queue::apply(Action action, QueueId id) {
  struct Row {
    const redis::Script& verb;
    FactKind fact;
  };
  const Verbs& all = verbs();
  const Row table[] = {{all.retry, FactKind::retried},
                       {all.hold, FactKind::held},
                       {all.release, FactKind::released},
                       {all.remove, FactKind::removed},
                       {all.bounce, FactKind::returned}};
  const Row& row = table[static_cast<std::size_t>(action)];
  const redis::Reply reply = co_await impl_->redis.run(
      row.verb, {text(id), encode_fact({.kind = row.fact, .at = wall_now()})});
  impl_->settings.facts.tell(parse_facts(reply.at(4), id));
  co_await impl_->remove_file(reply.at(3).text);
  co_return ActionResult{reply.at(0).integer() == 1, static_cast<unsigned>(reply.at(1).integer()),
                         static_cast<unsigned>(reply.at(2).integer())};
}

Task<Counts> Queue::counts() {
  const redis::Reply reply = co_await impl_->redis.run(verbs().counts, {});
  const auto number = [&](std::size_t i) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(0, reply.at(i).integer()));
  };
  co_return Counts{number(0), number(1), number(2), number(3), number(4)};
}

Task<std::uint64_t> Queue::memory_used() {
  const redis::Reply reply = co_await impl_->redis.call({"INFO", "memory"});
  co_return info_number(reply.text, "used_memory");
}

}  // namespace postern::queue
