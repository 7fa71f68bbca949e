#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "telemetry/metrics_registry.hpp"

namespace sluice::telemetry {

/// What the system and the build say about this process; the caller asks the platform.
struct ProcessNumbers {
    std::string_view version;
    std::string_view poller;
    std::uint64_t pid = 0;
    /// 0 where it can't be had.
    std::uint64_t resident_bytes = 0;
    std::uint64_t open_handles = 0;
    std::uint64_t handle_limit = 0;
    double cpu_seconds = 0;
    /// Seconds since 1970; 0 when unknown.
    double start_time = 0;
};

inline constexpr std::string_view prometheus_content_type =
    "text/plain; version=0.0.4; charset=utf-8";

/// The metrics page in Prometheus' text format 0.0.4.
[[nodiscard]] std::string prometheus_text(const MetricTotals& totals,
                                          const ProcessNumbers& process);

}  // namespace sluice::telemetry
