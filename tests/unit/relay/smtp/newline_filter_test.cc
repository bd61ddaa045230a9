// tests/unit/relay/smtp/newline_filter_test.cc: bare newlines, over every packet border.
#include "relay/smtp/newline_filter.h"

#include <catch2/catch.hpp>

using postern::smtp::NewlineFilter;

TEST_CASE("line ends come out as CRLF however the octets are cut, and bare ones are remembered") {
  struct Case {
    std::string in, out;
    bool bare;
  };
  const Case cases[] = {{"a\r\nb\r\n", "a\r\nb\r\n", false}, {"a\nb", "a\r\nb\r\n", true},
                        {"a\rb\r\n", "a\r\nb\r\n", true},    {"a\r\r\n", "a\r\n\r\n", true},
                        {"a\r", "a\r\n", true},              {"", "", false},
                        {"\n", "\r\n", true},                {"a", "a\r\n", false},
                        {"\r\n\r\n", "\r\n\r\n", false},     {"a\n\r\n", "a\r\n\r\n", true}};
  for (const Case& c : cases) {
    for (std::size_t cut = 0; cut <= c.in.size(); ++cut) {
      NewlineFilter filter;
      std::string out;
      filter.feed(std::string_view(c.in).substr(0, cut), out);
      filter.feed(std::string_view(c.in).substr(cut), out);
      filter.finish(out);
      INFO(c.in << " cut at " << cut);
      CHECK(out == c.out);
      CHECK(filter.saw_bare_newline() == c.bare);
    }
  }
}
