#pragma once

#include <cstdint>
#include <limits>

namespace sluice::routing {

/// What stands at the end of a pattern: the number of its resource, and for the usual case the
/// answer itself, so that a match need not go and fetch it.
struct Ending {
    static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();

    std::uint32_t resource = none;
    /// A bit for each http::Method for which `route_index` is to be taken, whatever the request's
    /// headers and query. For all others the resource must be asked.
    std::uint32_t methods = 0;
    std::uint32_t route_index = 0;
    std::uint32_t first_name = 0;

    [[nodiscard]] bool is_there() const noexcept { return resource != none; }
};

}  // namespace sluice::routing
