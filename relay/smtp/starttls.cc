// relay/smtp/starttls.cc: STARTTLS (RFC 3207).
#include "relay/smtp/replies.h"
#include "relay/smtp/session.h"

namespace postern::smtp {

Task<Answer> Session::starttls(std::string_view arguments) {
  if (!terms_.context || terms_.tls == net::TlsOffer::off) co_return reply::not_here;
  if (!arguments.empty()) co_return reply::bad_syntax.with("STARTTLS takes no parameters");
  // What stands in the buffer now was sent before the handshake: injected, or a bug (RFC 3207 §6).
  if (!stream_.buffered().empty()) co_return reply::smuggling;
  starts_tls_ = true;
  closing_ = true;
  co_return reply::start_tls;
}

}  // namespace postern::smtp
