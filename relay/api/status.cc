// relay/api/status.cc: the one screen of `postern status`, and the operator's work on accounts.
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cstdio>

#include "core/async/offload.h"
#include "relay/accounts/account_admin.h"
#include "relay/api/api.h"
#include "relay/api/json_views.h"
#include "relay/config/config.h"

namespace postern::http {
namespace {

std::string_view kind_text(int status) {
  return status >= 400 ? "application/problem+json" : "application/json";
}

/// Of the first certificate in a PEM file.
std::optional<Json> certificate_view(const std::filesystem::path& path,
                                     std::chrono::system_clock::time_point now) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "r"),
                                                             std::fclose);
  if (!file) return {};
  const std::unique_ptr<X509, void (*)(X509*)> certificate(
      PEM_read_X509(file.get(), nullptr, nullptr, nullptr), X509_free);
  if (!certificate) return {};
  std::tm end{};
  ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &end);
  const auto expires = std::chrono::system_clock::from_time_t(timegm(&end));
  char subject[256] = "";
  X509_NAME_oneline(X509_get_subject_name(certificate.get()), subject, sizeof subject);
  const auto left = expires - now;
  return Json{{"file", path.string()},
              {"subject", subject},
              {"expires", time_text(expires)},
              {"days", std::chrono::duration_cast<std::chrono::hours>(left).count() / 24}};
}

}  // namespace

struct Api::QueueView {
  Json counts, memory;  ///< null when Redis does not answer
  std::string trouble;
};

Task<Api::QueueView> Api::look_at_queue() {
  QueueView view{.counts = nullptr, .memory = nullptr, .trouble = worker_.queue().trouble()};
  try {
    const queue::Counts counts = co_await worker_.queue().counts();
    view.counts = {{"ready", counts.ready},
                   {"active", counts.active},
                   {"deferred", counts.deferred},
                   {"held", counts.held}};
    view.memory = co_await worker_.queue().memory_used();
  } catch (const IoError& error) {
    if (view.trouble.empty()) view.trouble = error.what();
  }
  co_return view;
}

Json Api::view_of_listeners() const {
  Json listeners = Json::array();
  for (const relay::Listener& listener : snapshot_->config->listeners) {
    for (const net::Address& address : listener.addresses) {
      listeners.push_back({{"service", relay::name(listener.service)},
                           {"address", address.text()},
                           {"tls", net::name(listener.tls)},
                           {"sessions", house_.sessions.of(address.text())->load()}});
    }
  }
  return listeners;
}

Task<Json> Api::view_of_certificates() {
  Json certificates = Json::array();
  const auto file = snapshot_->config->tls.certificate;
  if (file.empty()) co_return certificates;
  const auto one = co_await offload(
      house_.disk, [&, now = Loop::current().wall_now()] { return certificate_view(file, now); });
  if (one) certificates.push_back(*one);
  co_return certificates;
}

Task<Response> Api::status() {
  const auto& config = *snapshot_->config;
  const QueueView queue = co_await look_at_queue();
  const std::string trouble = queue.trouble.empty() ? hooks_.trouble() : queue.trouble;
  const auto now = Loop::current().now();
  const auto& rates = house_.rates;
  co_return json_response({{"version", POSTERN_VERSION},
                           {"hostname", config.hostname},
                           {"started", time_text(house_.started)},
                           {"ready", trouble.empty()},
                           {"trouble", trouble},
                           {"listeners", view_of_listeners()},
                           {"sessions", house_.sessions.total()},
                           {"queue", queue.counts},
                           {"rates",
                            {{"accepted_per_minute", rates.accepted.per_minute(now)},
                             {"delivered_per_minute", rates.delivered.per_minute(now)},
                             {"deferred_per_minute", rates.deferred.per_minute(now)},
                             {"bounced_per_minute", rates.bounced.per_minute(now)}}},
                           {"redis",
                            {{"kind", hooks_.redis_kind()},
                             {"up", queue.trouble.empty()},
                             {"trouble", queue.trouble},
                             {"memory", queue.memory},
                             {"memory_limit", config.queue.memory_limit}}},
                           {"certificates", co_await view_of_certificates()}});
}

Task<Response> Api::accounts(const Request& request, std::string_view method) {
  const auto& config = *snapshot_->config;
  const auto answer = co_await offload(house_.hashing, [&] {
    auto result = relay::administer(house_.accounts, relay::local_domains(config), method,
                                    request.raw_path, request.body);
    house_.logins.refresh();
    return result;
  });
  // `remove --purge`, and what was removed 30 days ago
  const auto now = std::chrono::floor<std::chrono::seconds>(Loop::current().wall_now());
  for (const auto& removed :
       co_await offload(house_.disk, [&] { return house_.accounts.purgeable(now); })) {
    co_await house_.mailboxes.purge(removed.id);
    co_await offload(house_.disk, [&] { house_.accounts.forget(removed.id); });
  }
  co_return Response{static_cast<int>(answer.status),
                     answer.body,
                     std::string(kind_text(static_cast<int>(answer.status))),
                     {}};
}

}  // namespace postern::http
