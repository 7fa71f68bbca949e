#pragma once

#include <random>
#include <string>

#include "config/model.hpp"

namespace sluice::test {

/// The text of a configuration like `base` in which seeded values of seeded keys were changed, or keys left out, as the schema
/// table allows for each key alone. It need not be valid as a whole.
[[nodiscard]] std::string vary_config(const config::Config& base, std::mt19937& random);

}  // namespace sluice::test
