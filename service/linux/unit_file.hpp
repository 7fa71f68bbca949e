#pragma once

#include <string>
#include <string_view>

#include "service/steps.hpp"

namespace sluice::service {

/// The account that services run as.
inline constexpr const char* service_user = "sluice";

/// installer/linux/sluice.service.in, from which the packages' unit is made too: systemd.service(5), systemd.exec(5).
[[nodiscard]] std::string_view unit_template();
/// installer/linux/sluice.sysusers: sysusers.d(5).
[[nodiscard]] std::string_view users_text();

/// The unit of an instance.
[[nodiscard]] std::string unit_text(const Instance& instance);

/// Whether a unit's text was made from the template, by whatever version.
[[nodiscard]] bool is_our_unit(std::string_view text);

}  // namespace sluice::service
