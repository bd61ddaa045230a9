// core/async/fair_pool.cc: a ring of lines for each rank; threads take from the front of the first.
#include "core/async/fair_pool.h"

#include <algorithm>

namespace postern {

namespace {
constexpr std::uint64_t upside_down = 8;  // each so manieth job comes from the lowest rank
}

FairPool::FairPool(unsigned threads, std::size_t line_bound, std::size_t rank_bound)
    : line_bound_(line_bound), rank_bound_(rank_bound) {
  for (unsigned i = 0; i < std::max(threads, 1U); ++i) threads_.emplace_back([this] { work(); });
}

FairPool::~FairPool() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  available_.notify_all();
  for (auto& thread : threads_) thread.join();
}

std::optional<FairPool::Ticket> FairPool::submit(Turn turn, std::function<void()> work) {
  Ticket ticket{std::move(turn)};
  {
    const std::lock_guard lock(mutex_);
    Lines& lines = lines_[static_cast<std::size_t>(ticket.turn.rank)];
    if (lines.size >= rank_bound_) return std::nullopt;
    auto found = lines.by_party.find(ticket.turn.party);
    if (found == lines.by_party.end()) {
      lines.by_turn.push_back({ticket.turn.party, {}});
      found = lines.by_party.emplace(ticket.turn.party, std::prev(lines.by_turn.end())).first;
    }
    Line& line = *found->second;
    if (line.jobs.size() >= line_bound_) return std::nullopt;
    ticket.number = ++submitted_;
    line.jobs.push_back({ticket.number, std::move(work)});
    ++lines.size;
  }
  available_.notify_one();
  return ticket;
}

bool FairPool::withdraw(const Ticket& ticket) {
  const std::lock_guard lock(mutex_);
  Lines& lines = lines_[static_cast<std::size_t>(ticket.turn.rank)];
  const auto found = lines.by_party.find(ticket.turn.party);
  if (found == lines.by_party.end()) return false;
  auto& jobs = found->second->jobs;
  const auto job = std::ranges::find(jobs, ticket.number, &Job::number);
  if (job == jobs.end()) return false;
  jobs.erase(job);
  --lines.size;
  if (jobs.empty()) {
    lines.by_turn.erase(found->second);
    lines.by_party.erase(found);
  }
  return true;
}

bool FairPool::is_empty() const {
  return std::ranges::all_of(lines_, [](const Lines& lines) { return lines.size == 0; });
}

FairPool::Lines& FairPool::next_rank() {
  const auto has_jobs = [](const Lines& lines) { return lines.size > 0; };
  if (++taken_ % upside_down == 0) return *std::find_if(lines_.rbegin(), lines_.rend(), has_jobs);
  return *std::ranges::find_if(lines_, has_jobs);
}

std::function<void()> FairPool::take(Lines& lines) {
  const auto line = lines.by_turn.begin();
  std::function<void()> work = std::move(line->jobs.front().work);
  line->jobs.pop_front();
  --lines.size;
  if (line->jobs.empty()) {
    lines.by_party.erase(line->party);
    lines.by_turn.erase(line);
  } else {
    lines.by_turn.splice(lines.by_turn.end(), lines.by_turn, line);
  }
  return work;
}

void FairPool::work() {
  for (;;) {
    std::function<void()> work;
    {
      std::unique_lock lock(mutex_);
      available_.wait(lock, [this] { return closing_ || !is_empty(); });
      if (is_empty()) return;
      work = take(next_rank());
    }
    work();
  }
}

}  // namespace postern
