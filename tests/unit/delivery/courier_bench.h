// tests/unit/delivery/courier_bench.h: a courier, messages for it, and what a host says usually.
#pragma once

#include <catch2/catch.hpp>

#include "core/async/loop.h"
#include "core/async/task_group.h"
#include "core/async/thread_pool.h"
#include "core/async/timer.h"
#include "delivery/attempt/courier.h"
#include "tests/unit/delivery/scripted_server.h"

namespace postern::delivery {

using Kind = Verdict::Kind;
using test::Script;
using test::ScriptedServer;

inline const std::string body = "Subject: x\r\n\r\nhello\r\n.dot\r\n";
inline const Script greeting{">220 mx ESMTP", "<EHLO", ">250-mx", ">250-PIPELINING",
                             ">250 8BITMIME"};

inline Script operator+(Script a, const Script& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

struct Bench {
  Loop loop;
  ThreadPool pool{1, 16};
  std::shared_ptr<Settings> settings = std::make_shared<Settings>();
  bool fresh = true;

  Bench() {
    settings->hostname = "us.example";
    settings->connect_timeout = std::chrono::seconds(2);
    settings->command_timeout = std::chrono::milliseconds(400);
  }
  Job job(std::vector<const ScriptedServer*> servers, std::size_t recipients = 1,
          std::string text = body) {
    Job job{.key = "test",
            .envelope = {.sender = *mail::EmailAddress::parse("s@us.example")},
            .body = queue::Body::in_memory(std::move(text))};
    for (const ScriptedServer* server : servers)
      job.targets.push_back(
          {.host = "mx" + std::to_string(job.targets.size()), .addresses = {server->address()}});
    for (std::size_t n = 0; n < recipients; ++n)
      job.envelope.recipients.push_back(
          {*mail::EmailAddress::parse("r" + std::to_string(n) + "@x.example"), "", {}});
    job.lease_is_fresh = [this] { return fresh; };
    return job;
  }
  Task<std::vector<AttemptResult>> all(std::vector<Job> jobs) {
    Courier courier(loop, pool, settings);
    std::vector<AttemptResult> results;
    for (Job& job : jobs) results.push_back(co_await courier.deliver(std::move(job)));
    co_await courier.stop();
    co_return results;
  }
  Task<> keep_result(Courier& courier, Job job, std::vector<AttemptResult>& results) {
    results.push_back(co_await courier.deliver(std::move(job)));
  }
  /// The first one alone, then the others side by side.
  Task<std::vector<AttemptResult>> first_then_together(std::vector<Job> jobs) {
    Courier courier(loop, pool, settings);
    std::vector<AttemptResult> results;
    results.push_back(co_await courier.deliver(std::move(jobs.front())));
    TaskGroup group;
    for (std::size_t at = 1; at < jobs.size(); ++at)
      group.spawn(keep_result(courier, std::move(jobs[at]), results));
    co_await group.join();
    co_await courier.stop();
    co_return results;
  }
  AttemptResult run(Job job) {
    std::vector<Job> jobs;
    jobs.push_back(std::move(job));
    return run(std::move(jobs)).front();
  }
  std::vector<AttemptResult> run(std::vector<Job> jobs) {
    return loop.run_until_done(all(std::move(jobs)));
  }
};

inline const Script envelope_taken{"<MAIL", "<RCPT", "<DATA", ">250 ok", ">250 ok", ">354 go"};
inline const Script transaction = envelope_taken + Script{"<.", ">250 ok"};
inline const Script refusal{"<MAIL", "<RCPT", "<DATA", ">250 ok", ">550 no", ">503 no"};

inline std::size_t times(const ScriptedServer& server, std::string_view beginning) {
  return static_cast<std::size_t>(std::ranges::count_if(
      server.heard, [&](const std::string& line) { return line.starts_with(beginning); }));
}

inline AttemptResult one(std::vector<Script> scripts, std::size_t recipients = 1) {
  ScriptedServer server(std::move(scripts));
  Bench bench;
  AttemptResult result = bench.run(bench.job({&server}, recipients));
  server.finish();
  for (const std::string& wrong : server.wrong) INFO(wrong);
  CHECK(server.wrong.empty());
  return result;
}

}  // namespace postern::delivery
