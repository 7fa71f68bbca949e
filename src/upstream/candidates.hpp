#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/clock.hpp"

namespace sluice::upstream {

/// What is known about an endpoint when it is decided whether requests may be sent to it.
struct EndpointStanding {
    std::uint32_t weight = 1;
    /// 0 is used first.
    std::uint32_t priority = 0;
    /// Neither its checks nor its ejection speak against it.
    bool is_up = true;
    bool is_draining = false;
    /// When it came back; nothing when it never was out.
    std::optional<TimePoint> recovered_at;
};

struct CandidateSettings {
    /// An endpoint that came back has its whole weight only after this; zero for at once.
    Duration slow_start{};
    /// When less of the endpoints is up, all are used; 0 never does.
    std::uint32_t panic_percent = 0;
};

/// An endpoint that may be used, by its place among the cluster's endpoints.
struct Candidate {
    std::uint32_t endpoint = 0;
    /// In proportion to the other candidates' alone; never 0.
    std::uint32_t weight = 1;
    bool operator==(const Candidate&) const = default;
};

struct Candidates {
    /// In the order of the endpoints; empty when none may be used.
    std::vector<Candidate> list;
    /// So few are up that their states are not believed.
    bool is_panic = false;
    /// When slow start gives one of them more weight; nothing when time alone changes nothing.
    std::optional<TimePoint> changes_at;
};

/// The endpoints of a cluster that may be used at `now`:
///
/// 1. In panic, every endpoint that is not draining, whatever its state, of the priorities up to the one that rule 2
///    would take, or of the lowest priority when nothing is up. Weights are whole.
/// 2. Otherwise those that are up and not draining, of the lowest priority that has one.
/// 3. If only draining endpoints are up, those of the lowest priority: a request to an endpoint that is about to leave
///    is better than one refused.
///
/// The share that is up, for panic, is of all endpoints that are not draining, of any priority. An endpoint of weight 0
/// (SRV records may have it) is a candidate only beside others of weight 0.
[[nodiscard]] Candidates find_candidates(std::span<const EndpointStanding> endpoints, const CandidateSettings& settings,
                                         TimePoint now);

}  // namespace sluice::upstream
