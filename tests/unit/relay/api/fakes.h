// tests/unit/relay/api/fakes.h: what stands behind the API, without a worker.
#pragma once

#include <filesystem>
#include <map>
#include <random>

#include "../smtp/fakes.h"
#include "relay/api/api.h"
#include "relay/config/config.h"

namespace postern::http {

/// Holds rows and timelines that a test puts there, and remembers what was done with them.
class FakeQueue : public QueueService {
 public:
  Task<std::vector<queue::MessageRow>> list(queue::Filter filter, std::size_t limit) override {
    std::vector<queue::MessageRow> found;
    for (const auto& [id, row] : rows) {
      if (filter.matches(row) && (limit == 0 || found.size() < limit)) found.push_back(row);
    }
    co_return found;
  }
  Task<std::optional<queue::MessageRow>> show(queue::QueueId id) override {
    if (is_away) throw IoError("Redis is away");
    const auto found = rows.find(id);
    if (found == rows.end()) co_return std::nullopt;
    co_return found->second;
  }
  Task<std::optional<std::string>> content(queue::QueueId id) override {
    const auto found = rows.find(id);
    if (found == rows.end() || found->second.completed) co_return std::nullopt;
    co_return "Subject: x\r\n\r\nx\r\n";
  }
  Task<std::optional<queue::Timeline>> history(queue::QueueId id) override {
    const auto found = timelines.find(id);
    if (found == timelines.end()) co_return std::nullopt;
    co_return found->second;
  }
  Task<std::vector<queue::Timeline>> search(queue::Sought what, std::size_t limit) override {
    sought = std::move(what);
    sought_limit = limit;
    std::vector<queue::Timeline> found;
    for (const auto& [id, timeline] : timelines) {
      if (sought.matches(timeline)) found.push_back(timeline);
    }
    co_return found;
  }
  Task<queue::ActionResult> apply(queue::Action action, queue::QueueId id) override {
    applied.emplace_back(action, id);
    const bool is_active = active.contains(id);
    co_return queue::ActionResult{rows.contains(id), is_active ? 0U : 1U, is_active ? 1U : 0U};
  }
  void forget_trouble() override { ++forgotten; }
  void wake() override { ++woken; }

  std::map<queue::QueueId, queue::MessageRow> rows;
  std::map<queue::QueueId, queue::Timeline> timelines;
  std::set<queue::QueueId> active;  ///< those being tried
  std::vector<std::pair<queue::Action, queue::QueueId>> applied;
  queue::Sought sought;
  std::size_t sought_limit = 0;
  unsigned forgotten = 0, woken = 0;
  bool is_away = false;
};

/// Real accounts in a file of their own.
class FakeAccounts : public AccountService {
 public:
  ~FakeAccounts() {
    for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(file_.string() + end);
  }
  Task<Answer> run(relay::AccountHandler handler, const relay::AccountRequest& request) override {
    co_return handler(accounts, request);
  }

 private:
  std::filesystem::path file_ = std::filesystem::temp_directory_path() /
                                ("pt-api-accounts-" + std::to_string(std::random_device()()));

 public:
  policy::Accounts accounts{file_, 4};
};

class FakeServer : public ServerService {
 public:
  std::string trouble() const override { return trouble_; }
  Task<Status> status() override {
    Status status;
    status.hostname = "mail.office.example";
    status.trouble = trouble_;
    status.listeners = {{"http", "127.0.0.1:80", "off", 2}};
    status.redis.trouble = trouble_;
    if (trouble_.empty()) status.queue = queue::Counts{.ready = 1, .held = 2, .messages = 3};
    co_return status;
  }
  Task<Answer> reload() override {
    ++reloads;
    co_return json_response({{"restart_needed", Json::array()}});
  }
  std::string trouble_;
  unsigned reloads = 0;
};

/// Knows "ann" and, as an operator, "root", both with "secret"; "away" cannot be checked.
class FakeHttpLogins : public policy::Authenticator {
 public:
  Task<std::expected<policy::Account, policy::AuthFailure>> login(std::string user,
                                                                  std::string password,
                                                                  policy::Scope,
                                                                  net::Address) override {
    ++asked;
    if (user == "away") co_return std::unexpected(policy::AuthFailure::unavailable);
    if (user == "guesser") co_return std::unexpected(policy::AuthFailure::too_many);
    if ((user != "ann" && user != "root") || password != "secret") {
      co_return std::unexpected(policy::AuthFailure::bad_credentials);
    }
    co_return policy::Account{.id = user,
                              .address = *mail::EmailAddress::parse(user + "@office.example"),
                              .is_operator = user == "root"};
  }
  bool is_live(const std::string&) const override { return true; }
  unsigned asked = 0;
};

}  // namespace postern::http
