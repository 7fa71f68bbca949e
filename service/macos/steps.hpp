#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "service/steps.hpp"

namespace sluice::service {

/// Where the steps work.
struct Surroundings {
    /// Goes before every path that is written or given to a command; empty but in tests.
    std::string root = {};
    /// How long a job that was told to end may take.
    std::chrono::milliseconds patience{60'000};
};

/// steps_of in other surroundings.
[[nodiscard]] Result<std::vector<Step>> steps_in(const Surroundings& surroundings, Verb verb, const Instance& instance);

}  // namespace sluice::service
