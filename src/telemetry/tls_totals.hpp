#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace sluice::telemetry {

/// Handshakes with the clients of one listener, counted by all workers: one happens so seldom, and costs so much, that a
/// shared line is nothing beside it.
///
/// Threading: any thread.
struct HandshakeCounts {
    std::atomic<std::uint64_t> full{0};
    std::atomic<std::uint64_t> resumed{0};
    std::atomic<std::uint64_t> failed{0};
    /// Clients that spoke HTTP without TLS.
    std::atomic<std::uint64_t> plain_http{0};
};

/// What metrics show of a listener with TLS.
struct TlsTotals {
    std::string listener;
    std::uint64_t full = 0;
    std::uint64_t resumed = 0;
    std::uint64_t failed = 0;
    std::uint64_t plain_http = 0;
    /// Files, and when what is in them expires, in seconds since 1970.
    std::vector<std::pair<std::string, std::int64_t>> certificates;
};

}  // namespace sluice::telemetry
