#pragma once

#include <string_view>

namespace sluice::service {

/// The configuration of a new installation: installer/windows/sluice.json, also part of the MSI.
[[nodiscard]] std::string_view first_config();

}  // namespace sluice::service
