// relay/cli/validators.h: what an option's value must be, with words for who gave another.
#pragma once

namespace CLI {
class Validator;
}

namespace postern::relay {

/// An empty value would read as "no filter" or "no limit": whoever wants that leaves the option
/// out.
CLI::Validator not_empty();
/// A whole number from 1 on.
CLI::Validator from_one();

}  // namespace postern::relay
