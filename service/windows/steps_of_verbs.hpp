#pragma once

#include <vector>

#include "service/steps.hpp"

namespace sluice::service {

// The steps of each verb; steps.cpp picks.

[[nodiscard]] std::vector<Step> install_steps(const Instance& instance);
[[nodiscard]] std::vector<Step> uninstall_steps(const Instance& instance);

[[nodiscard]] Step start_step(const Instance& instance);
[[nodiscard]] Step stop_step(const Instance& instance);
[[nodiscard]] Step reload_step(const Instance& instance);
[[nodiscard]] Step status_step(const Instance& instance);

[[nodiscard]] std::vector<Step> log_steps(const Instance& instance);

}  // namespace sluice::service
