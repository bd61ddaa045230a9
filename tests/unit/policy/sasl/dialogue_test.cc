// tests/unit/policy/sasl/dialogue_test.cc: what every mechanism may count on: first words, the
// limit of a line, giving up, challenges in turn, and either kind of end.
#include "policy/sasl/dialogue.h"

#include <catch2/catch.hpp>

using namespace postern::policy;
using namespace postern::policy::sasl;

namespace {

const Channel bound{
    .scope = Scope::imap, .is_protected = true, .bindings = {{"tls-exporter", "of this session"}}};

/// Three messages, as SCRAM has them: a name, a proof that is bound to the channel, and nothing, in
/// answer to what the server says with its success.
class ThreeSteps final : public Exchange {
 public:
  explicit ThreeSteps(const Channel& channel) : binding_(channel.bindings.at(0).data) {}
  Step step(std::string_view response) override {
    switch (steps_++) {
      case 0:
        user_ = response;
        return Challenge{"nonce"};
      case 1:
        if (response != "nonce " + binding_) return Failure{Why::malformed, "no proof"};
        return Challenge{std::string("v\0=", 3)};
      default:
        return Claim(Identity{user_});
    }
  }

 private:
  std::string binding_, user_;
  int steps_ = 0;
};

const Mechanism three_steps{"THREE-STEPS", "", static_cast<unsigned>(Scope::imap), false,
                            [](const Channel& channel) -> std::unique_ptr<Exchange> {
                              return std::make_unique<ThreeSteps>(channel);
                            }};

const std::string& line(const Turn& turn) { return std::get<ChallengeLine>(turn).base64; }
Why why(const Turn& turn) { return std::get<Failure>(turn).why; }

}  // namespace

TEST_CASE("a mechanism of many steps, bound to its channel, ends in a proven identity") {
  Dialogue dialogue(three_steps, bound);
  CHECK(line(dialogue.begin({})).empty());             // the client speaks first
  CHECK(line(dialogue.answer("YW5u")) == "bm9uY2U=");  // nonce
  CHECK(line(dialogue.answer("bm9uY2Ugb2YgdGhpcyBzZXNzaW9u")) == "dgA9");
  const Turn end = dialogue.answer("");
  CHECK(std::get<Identity>(std::get<Claim>(end)).user == "ann");
}

TEST_CASE("an initial response saves a mechanism whose client speaks first its empty challenge") {
  Dialogue dialogue(three_steps, bound);
  CHECK(line(dialogue.begin("YW5u")) == "bm9uY2U=");
  CHECK(why(dialogue.answer("bm9uY2U=")) == Why::malformed);
}

TEST_CASE("an equals sign and an empty line are a response of no octets") {
  for (const char* nothing : {"=", ""}) {
    Dialogue dialogue(three_steps, bound);
    CHECK(line(dialogue.begin(nothing)) == "bm9uY2U=");
  }
}

TEST_CASE("an asterisk gives up at any challenge, and is no base64 as an initial response") {
  Dialogue first(three_steps, bound);
  first.begin({});
  CHECK(why(first.answer("*")) == Why::cancelled);
  Dialogue second(three_steps, bound);
  second.begin("YW5u");
  CHECK(why(second.answer("*")) == Why::cancelled);
  CHECK(why(Dialogue(three_steps, bound).begin("*")) == Why::not_base64);
}

TEST_CASE("a response is canonical base64 of at most 4096 octets") {
  for (const char* text : {"YW5", "YW5uY", "YW5v\n", "YW 5u", "YW5_", "YR==", "Y===", "===="}) {
    INFO(text);
    CHECK(why(Dialogue(three_steps, bound).begin(text)) == Why::not_base64);
  }
  CHECK(line(Dialogue(three_steps, bound).begin(std::string(4096, 'A'))) == "bm9uY2U=");
  CHECK(why(Dialogue(three_steps, bound).begin(std::string(4100, 'A'))) == Why::too_long);
}
