// core/net/filter_chain.h: the filters of one stream, in the order that octets pass them.
#pragma once

#include <memory>
#include <vector>

#include "core/net/filter.h"

namespace postern::net {

/// The first filter is next to the wire, the last one next to the reader. Compression must lie
/// above TLS (RFC 4978 §3: compressed first, then encrypted), so TLS is started first. An empty
/// chain costs a pointer's comparison: its owner moves octets past it.
class FilterChain {
 public:
  bool is_empty() const { return filters_.empty(); }
  /// What comes from below `filter` from now on is for it; so is `unread`, what has come already.
  /// The chain must be ready.
  Passed add(std::unique_ptr<Filter> filter, std::string_view unread, std::string& into);

  /// From the wire to the reader; `into` gets what could be read even when one filter fails.
  Passed decode(std::string_view bytes, std::string& into);
  bool has_more() const;

  /// From the writer to the wire. While the chain is not ready, `plain` stays where it is, and only
  /// what the filters say by themselves passes; else it is left empty.
  Passed encode(std::string& plain, std::string& into);
  /// The same, and then each filter's end.
  Passed finish(std::string& plain, std::string& into);
  std::size_t pending() const {
    std::size_t octets = 0;
    for (const auto& filter : filters_) octets += filter->pending();
    return octets;
  }

  bool is_ready() const { return filters_.empty() || filters_.back()->is_ready(); }
  bool is_encrypting() const;
  void release_buffers() noexcept;

  /// The filter of this type; null when there is none.
  template <class F>
  const F* find() const {
    for (const auto& filter : filters_)
      if (const F* const found = dynamic_cast<const F*>(filter.get())) return found;
    return nullptr;
  }

 private:
  enum class End { later, now };
  Passed pass_down(std::string& plain, std::string& into, End end);
  std::vector<std::unique_ptr<Filter>> filters_;
};

}  // namespace postern::net
