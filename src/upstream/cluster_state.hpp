#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "config/cluster.hpp"
#include "upstream/balancer.hpp"
#include "upstream/breaker.hpp"
#include "upstream/candidates.hpp"
#include "upstream/ejection.hpp"
#include "upstream/endpoint_state.hpp"
#include "upstream/sticky_cookie.hpp"

namespace sluice::upstream {

/// An endpoint's part in its cluster at present.
struct Member {
    std::shared_ptr<EndpointState> endpoint;
    std::uint32_t weight = 1;
    std::uint32_t priority = 0;
    bool is_draining = false;
};

/// A cluster's endpoints at one time: immutable, shared by all workers.
struct EndpointSet {
    std::vector<Member> members;
    /// For balance "hash" alone.
    std::shared_ptr<const MaglevTable> table;
};

/// What one configured endpoint stands for now: itself, or the addresses of its name.
struct FoundEndpoint {
    config::Address address;
    std::uint32_t weight = 1;
    std::uint32_t priority = 0;
};

/// What became of one try at an endpoint, as far as the endpoint is to blame.
enum class TryResult : std::uint8_t { Success, ConnectFailure, ServerError };

/// What all workers must agree on about a cluster: its endpoints, their health, the breaker.
///
/// Threading: any thread. Requests read atomics alone; the mutex is taken when the set of endpoints is looked at anew
///            (docs/decisions/0003-locks.md).
/// Lifetime:  shared by snapshots; outlives the workers' views of it.
class ClusterState {
public:
    /// `secret_seed` makes the key of a sticky cookie without a secret.
    ClusterState(const config::Cluster& cluster, const std::string& generated_secret);
    ClusterState(const ClusterState&) = delete;
    ClusterState& operator=(const ClusterState&) = delete;

    [[nodiscard]] const config::Cluster& config() const { return config_; }
    /// nullptr where none is configured.
    [[nodiscard]] Breaker* breaker() { return breaker_ ? &*breaker_ : nullptr; }
    [[nodiscard]] const StickyCookie* sticky() const { return sticky_ ? &*sticky_ : nullptr; }

    /// Changes whenever endpoints or their states do: a worker that sees a new one looks again.
    [[nodiscard]] std::uint32_t version() const { return version_.load(std::memory_order_acquire); }
    void touch() { version_.fetch_add(1, std::memory_order_release); }

    [[nodiscard]] std::shared_ptr<const EndpointSet> endpoints() const;
    /// Puts what was found in the place of one configured endpoint. Known addresses keep their state. False when nothing
    /// has changed.
    bool replace(std::uint32_t configured, const std::vector<FoundEndpoint>& found);

    /// Endpoints that may be used at `now`. Those whose ejection is over come back by this.
    [[nodiscard]] Candidates candidates(const EndpointSet& set, TimePoint now);

    /// Counts a try; true when the endpoint was ejected by it, until `until`.
    std::optional<TimePoint> record(EndpointState& endpoint, TryResult result, TimePoint now);
    /// Counts an active check; true when it changed the endpoint's state. Ends the ejection of an endpoint that comes
    /// back, or passes so many checks that it can be reached. By one thread at a time, for each endpoint.
    bool record_check(EndpointState& endpoint, bool has_passed, std::string error, TimePoint now);

    /// Workers with requests that wait for a connection are told when a place is free. The callback may be called on any
    /// thread, and posts.
    using Wake = std::function<void()>;
    using WakeEntry = std::list<Wake>::iterator;
    [[nodiscard]] WakeEntry add_wake(Wake wake);
    void remove_wake(WakeEntry entry);
    void wake_workers();

private:
    [[nodiscard]] std::shared_ptr<EndpointState> known(const EndpointPlace& place) const;
    [[nodiscard]] bool refutes_ejection(EndpointState& endpoint, bool has_passed, TimePoint now) const;
    void rebuild_locked(std::vector<Member> members);

    const config::Cluster config_;
    std::optional<Breaker> breaker_;
    std::optional<StickyCookie> sticky_;
    Ejector ejector_;
    std::atomic<std::uint32_t> version_{1};
    mutable std::mutex mutex_;
    std::shared_ptr<const EndpointSet> set_;
    std::list<Wake> wakes_;
};

}  // namespace sluice::upstream
