// relay/api/same_site.h: whether a browser asks on behalf of a stranger's page (CSRF): it sends the
// Basic credentials that it keeps whoever made it ask.
#pragma once

#include "relay/http/message.h"

namespace postern::http {

/// A request that changes something, sent by a page of another site, or of another port of this
/// one, as its Origin (RFC 6454 §7) or Sec-Fetch-Site (W3C Fetch Metadata §2.3) says. Programs send
/// neither.
bool is_from_foreign_page(const Request& request);

/// Did a proxy pass it on (RFC 7239 and what came before)? Then its peer is not who asks.
bool is_forwarded(const Request& request);

}  // namespace postern::http
