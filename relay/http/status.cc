// relay/http/status.cc: the one screen of `postern status`, and the operator's work on accounts.
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cstdio>

#include "core/async/offload.h"
#include "core/config/config.h"
#include "relay/account_admin.h"
#include "relay/http/api.h"
#include "relay/http/json_views.h"

namespace postern::http {
namespace {

using nlohmann::json;

std::string_view kind_text(int status) {
  return status >= 400 ? "application/problem+json" : "application/json";
}

/// Of the first certificate in a PEM file.
std::optional<json> certificate_view(const std::filesystem::path& path) {
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
  const auto left = expires - std::chrono::system_clock::now();
  return json{{"file", path.string()},
              {"subject", subject},
              {"expires", time_text(expires)},
              {"days", std::chrono::duration_cast<std::chrono::hours>(left).count() / 24}};
}

}  // namespace

Task<Response> Api::status() {
  const auto& config = *snapshot_->config;
  json listeners = json::array();
  for (const config::Listener& listener : config.listeners) {
    for (const net::Address& address : listener.addresses) {
      listeners.push_back({{"service", config::name(listener.service)},
                           {"address", address.text()},
                           {"tls", config::name(listener.tls)},
                           {"sessions", house_.sessions.of(address.text())->load()}});
    }
  }
  queue::Counts counts;
  std::string trouble = hooks_.trouble();
  try {
    counts = co_await worker_.queue().counts();
  } catch (const IoError& error) {
    if (trouble.empty()) trouble = error.what();
  }
  json certificates = json::array();
  if (!config.tls.certificate.empty()) {
    const auto one =
        co_await offload(house_.disk, [&] { return certificate_view(config.tls.certificate); });
    if (one) certificates.push_back(*one);
  }
  const auto now = std::chrono::steady_clock::now();
  const auto& rates = house_.rates;
  co_return json_response({{"version", POSTERN_VERSION},
                           {"hostname", config.hostname},
                           {"started", time_text(house_.started)},
                           {"ready", trouble.empty()},
                           {"listeners", listeners},
                           {"sessions", house_.sessions.total()},
                           {"queue",
                            {{"ready", counts.ready},
                             {"active", counts.active},
                             {"deferred", counts.deferred},
                             {"held", counts.held}}},
                           {"rates",
                            {{"accepted_per_minute", rates.accepted.per_minute(now)},
                             {"delivered_per_minute", rates.delivered.per_minute(now)},
                             {"deferred_per_minute", rates.deferred.per_minute(now)},
                             {"bounced_per_minute", rates.bounced.per_minute(now)}}},
                           {"redis",
                            {{"kind", hooks_.redis_kind()},
                             {"up", trouble.empty()},
                             {"trouble", trouble},
                             {"memory_limit", config.queue.memory_limit}}},
                           {"certificates", certificates}});
}

Task<Response> Api::accounts(const Request& request) {
  const auto& config = *snapshot_->config;
  const auto answer = co_await offload(house_.hashing, [&] {
    auto result = relay::administer(
        house_.accounts,
        [&](const mail::Domain& domain) { return config.domains.contains(domain.text()); },
        request.method, request.raw_path, request.body);
    house_.refresh_accounts();
    return result;
  });
  // `remove --purge`, and what was removed 30 days ago
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
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
