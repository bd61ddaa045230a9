// core/net/filter_chain.cc: hands octets from filter to filter, up and down.
#include "core/net/filter_chain.h"

#include <algorithm>
#include <ranges>

#include "core/assert.h"

namespace postern::net {

Filter::~Filter() = default;

Passed FilterChain::add(std::unique_ptr<Filter> filter, std::string_view unread,
                        std::string& into) {
  POSTERN_ASSERT(is_ready());
  filters_.push_back(std::move(filter));
  return filters_.back()->decode(unread, into);
}

Passed FilterChain::decode(std::string_view bytes, std::string& into) {
  Passed result;
  std::string decoded;  // by the filter below
  for (const auto& filter : filters_) {
    const bool is_last = filter == filters_.back();
    std::string above;
    std::string& to = is_last ? into : above;
    if (!bytes.empty() || filter->has_more()) {
      Passed passed = filter->decode(bytes, to);
      if (!passed && result) result = std::move(passed);
    }
    decoded.swap(above);
    bytes = decoded;
  }
  return result;
}

bool FilterChain::has_more() const {
  return std::ranges::any_of(filters_, [](const auto& filter) { return filter->has_more(); });
}

Passed FilterChain::encode(std::string& plain, std::string& into) {
  return pass_down(plain, into, End::later);
}

Passed FilterChain::finish(std::string& plain, std::string& into) {
  return pass_down(plain, into, End::now);
}

Passed FilterChain::pass_down(std::string& plain, std::string& into, End end) {
  std::string bytes;
  if (is_ready()) bytes.swap(plain);
  for (const auto& filter : filters_ | std::views::reverse) {
    const bool is_lowest = filter == filters_.front();
    std::string below;
    std::string& to = is_lowest ? into : below;
    Passed passed = filter->encode(bytes, to);
    if (passed && end == End::now) passed = filter->finish(to);
    if (!passed || is_lowest) return passed;
    bytes.swap(below);
  }
  return {};
}

bool FilterChain::is_encrypting() const {
  return std::ranges::any_of(filters_, [](const auto& filter) { return filter->is_encrypting(); });
}

void FilterChain::release_buffers() noexcept {
  for (const auto& filter : filters_) filter->release_buffers();
}

}  // namespace postern::net
