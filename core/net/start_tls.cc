// core/net/start_tls.cc: puts TLS under a conversation that began without it, or at its first octet
// (RFC 8314 §3).
#include "core/assert.h"
#include "core/net/connection.h"
#include "core/net/stream.h"
#include "core/net/tls_filter.h"

namespace postern::net {

Task<> Stream::start_tls_server(std::shared_ptr<const TlsContext> context,
                                std::chrono::milliseconds timeout) {
  connection().input.forget_read();
  co_await flush(timeout);
  co_await shake_hands(TlsFilter::server(std::move(context)), timeout);
}

Task<> Stream::start_tls_client(std::shared_ptr<const TlsContext> context, std::string server_name,
                                std::chrono::milliseconds timeout, std::vector<Tlsa> tlsa) {
  connection().input.forget_read();
  co_await flush(timeout);
  co_await shake_hands(TlsFilter::client(std::move(context), server_name, tlsa), timeout);
}

Task<> Stream::shake_hands(std::unique_ptr<Filter> filter, std::chrono::milliseconds timeout) {
  POSTERN_ASSERT(connection().filters.find<TlsFilter>() == nullptr);
  add_filter(std::move(filter));
  co_await ReadableWait(connection(), detail::ReadWait::For::ready, 0, timeout);
}

TlsInfo Stream::tls() const {
  const TlsFilter* const filter = connection().filters.find<TlsFilter>();
  return filter != nullptr && filter->is_ready() ? filter->info() : TlsInfo();
}

}  // namespace postern::net
