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

namespace sluice::tls {
class ClientContext;
}

namespace sluice::upstream {

/// An endpoint's part in its cluster at present.
struct Member {
    std::shared_ptr<EndpointState> endpoint;
    std::uint32_t weight = 1;
    std::uint32_t priority = 0;
    bool is_draining = false;
    /// Which of the cluster's configured endpoints it is, or stands for.
    std::uint32_t configured = 0;
    /// What was found with the address, when its name was looked up.
    std::uint32_t found_weight = 1;
    std::uint32_t found_priority = 0;
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
/// Lifetime:  shared by snapshots that leave the cluster as it was; outlives the workers' views of it. A cluster whose
///            settings change gets a new one, which takes over what has not changed.
class ClusterState {
public:
    /// `generated_secret` is the key of a sticky cookie without a secret. With `previous`, the same cluster with other
    /// settings, endpoints that stay keep their state, addresses of names that stay are known already, and the breaker
    /// stays as it is unless its own settings change. Nothing of `previous` changes by that.
    ClusterState(const config::Cluster& cluster, const std::string& generated_secret, const ClusterState* previous = nullptr);
    ClusterState(const ClusterState&) = delete;
    ClusterState& operator=(const ClusterState&) = delete;

    [[nodiscard]] const config::Cluster& config() const { return config_; }
    /// How its upstreams are spoken to; nullptr is plain. Said once, before others see the state. It is carried for those who
    /// connect: nothing here looks into it.
    void use_tls(std::shared_ptr<const tls::ClientContext> tls) { tls_ = std::move(tls); }
    [[nodiscard]] const std::shared_ptr<const tls::ClientContext>& tls() const { return tls_; }
    /// nullptr where none is configured.
    [[nodiscard]] Breaker* breaker() { return breaker_.get(); }
    [[nodiscard]] const StickyCookie* sticky() const { return sticky_ ? &*sticky_ : nullptr; }

    /// Changes whenever endpoints or their states do: a worker that sees a new one looks again.
    [[nodiscard]] std::uint32_t version() const { return version_.load(std::memory_order_acquire); }
    void touch() { version_.fetch_add(1, std::memory_order_release); }

    [[nodiscard]] std::shared_ptr<const EndpointSet> endpoints() const;
    /// Whether it is one of them.
    [[nodiscard]] bool has(const EndpointState& endpoint) const;
    /// Puts what was found in the place of one configured endpoint. Known addresses keep their state. False when nothing
    /// has changed.
    bool replace(std::uint32_t configured, const std::vector<FoundEndpoint>& found);

    /// Another state has taken this one's place: endpoints that it does not have are out of the cluster, and what an operator
    /// has said of an endpoint is forgotten when the configuration says something else of it now.
    void give_way_to(ClusterState& successor);

    /// What was said of its endpoints has changed (EndpointState::said).
    void apply_overrides();

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
    [[nodiscard]] Member make_member(std::uint32_t configured, std::uint32_t found_weight, std::uint32_t found_priority,
                                     std::shared_ptr<EndpointState> endpoint, const EndpointOverride& said) const;
    void add_carried(std::uint32_t configured, const ClusterState* previous, std::vector<Member>& members) const;
    [[nodiscard]] std::shared_ptr<EndpointState> known_locked(const EndpointPlace& place, std::uint32_t configured) const;
    [[nodiscard]] bool refutes_ejection(EndpointState& endpoint, bool has_passed, TimePoint now) const;
    void rebuild_locked(std::vector<Member> members);

    const config::Cluster config_;
    std::shared_ptr<const tls::ClientContext> tls_;
    std::shared_ptr<Breaker> breaker_;
    std::optional<StickyCookie> sticky_;
    Ejector ejector_;
    std::atomic<std::uint32_t> version_{1};
    mutable std::mutex mutex_;
    std::shared_ptr<const EndpointSet> set_;
    std::list<Wake> wakes_;
};

}  // namespace sluice::upstream
