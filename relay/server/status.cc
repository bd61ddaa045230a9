// relay/server/status.cc: how the gateway is, gathered for `postern status`.
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cstdio>

#include "core/async/offload.h"
#include "relay/config/config.h"
#include "relay/server/api_services.h"

namespace postern::relay {
namespace {

/// Of the first certificate in a PEM file.
std::vector<http::Status::Certificate> read_certificates(const std::filesystem::path& path) {
  if (path.empty()) return {};
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "r"),
                                                             std::fclose);
  if (!file) return {};
  const std::unique_ptr<X509, void (*)(X509*)> certificate(
      PEM_read_X509(file.get(), nullptr, nullptr, nullptr), X509_free);
  if (!certificate) return {};
  std::tm end{};
  ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &end);
  char subject[256] = "";
  X509_NAME_oneline(X509_get_subject_name(certificate.get()), subject, sizeof subject);
  return {{path.string(), subject, std::chrono::system_clock::from_time_t(timegm(&end))}};
}

std::vector<http::Status::Listener> listeners_of(const Config& config, SessionCounts& sessions) {
  std::vector<http::Status::Listener> all;
  for (const Listener& listener : config.listeners) {
    for (const net::Address& address : listener.addresses) {
      all.push_back({std::string(name(listener.service)), address.text(),
                     std::string(name(listener.tls)), sessions.of(address.text())->load()});
    }
  }
  return all;
}

http::Status::Rates rates_now(const Rates& rates) {
  const auto now = std::chrono::steady_clock::now();
  return {rates.accepted.per_minute(now), rates.delivered.per_minute(now),
          rates.deferred.per_minute(now), rates.bounced.per_minute(now)};
}

}  // namespace

/// Sets what Redis knows, and whether it answers.
Task<> ServerView::look_at_queue(http::Status& status) {
  status.redis.trouble = worker_.queue().trouble();
  try {
    status.queue = co_await worker_.queue().counts();
    status.redis.memory = co_await worker_.queue().memory_used();
  } catch (const IoError& error) {
    if (status.redis.trouble.empty()) status.redis.trouble = error.what();
  }
}

Task<http::Status> ServerView::status() {
  const auto config = snapshot_->config;
  http::Status status;
  status.hostname = config->hostname;
  status.started = house_.started;
  status.redis.kind = hooks_.redis_kind();
  status.redis.memory_limit = config->queue.memory_limit;
  co_await look_at_queue(status);
  status.trouble = status.redis.trouble.empty() ? hooks_.trouble() : status.redis.trouble;
  status.listeners = listeners_of(*config, house_.sessions);
  status.sessions = house_.sessions.total();
  status.rates = rates_now(house_.rates);
  status.certificates =
      co_await offload(house_.disk, [&] { return read_certificates(config->tls.certificate); });
  co_return status;
}

}  // namespace postern::relay
