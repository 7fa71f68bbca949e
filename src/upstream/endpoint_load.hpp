#pragma once

#include <atomic>
#include <cstdint>

namespace sluice::upstream {

/// Requests under way at one endpoint, on a cache line of its own.
///
/// Threading: shared by all workers; counted up, down and read relaxed, since a choice that is made by a count a moment
///            old is as good.
struct EndpointLoad {
    alignas(64) std::atomic<std::uint32_t> active{0};
};

}  // namespace sluice::upstream
