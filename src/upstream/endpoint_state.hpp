#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "base/clock.hpp"
#include "config/cluster.hpp"
#include "upstream/ejection.hpp"
#include "upstream/endpoint_load.hpp"
#include "upstream/endpoint_override.hpp"
#include "upstream/health_state.hpp"

namespace sluice::upstream {

/// Where an endpoint is, and what it is called.
struct EndpointPlace {
    /// An IP address and port, or a Unix-domain path: never a name.
    config::Address address;
    /// As the configuration calls it, "orders.internal:8080": the Host for routes that ask for it.
    std::string authority;
    bool operator==(const EndpointPlace&) const = default;
};

/// One endpoint, as all workers know it. A name's address that stays over a new lookup keeps its state, and so does an
/// endpoint that stays over a reload.
///
/// Threading: any thread. Lines that workers write often stand apart from those that they read for every request.
class EndpointState {
public:
    EndpointState(EndpointPlace the_place, const config::Cluster& cluster);
    EndpointState(const EndpointState&) = delete;
    EndpointState& operator=(const EndpointState&) = delete;

    const EndpointPlace place;
    /// "10.0.0.5:8080", for logs and status.
    const std::string name;
    /// What its sticky cookie carries.
    const std::uint64_t name_hash;
    EndpointEjection ejection;
    HealthState health;
    /// The operator's word on it.
    EndpointOverrideCell said;
    /// Checks in a row that it has passed while it was ejected; of the one thread alone that records checks.
    std::uint32_t passed_while_ejected = 0;

    /// Whether requests may be sent to it.
    [[nodiscard]] bool is_up(TimePoint now) const {
        return said.is_up().value_or(health.is_up() && !ejection.is_ejected(now));
    }

    /// It is back, and begins slowly where the cluster wants that.
    void set_recovered(TimePoint now) { recovered_at_.store(now, std::memory_order_relaxed); }
    /// The epoch's begin when it never was out.
    [[nodiscard]] TimePoint recovered_at() const { return recovered_at_.load(std::memory_order_relaxed); }

    /// Requests under way, while the balancer wants to know.
    EndpointLoad load;

    /// A place for one more connection; false at `most`, where 0 is no limit. Given back when the connection is closed.
    [[nodiscard]] bool take_slot(std::uint32_t most);
    void give_slot_back() { connections_.fetch_sub(1); }
    [[nodiscard]] std::uint32_t connections() const { return connections_.load(std::memory_order_relaxed); }

    /// Requests that wait for a place, of all workers.
    void add_waiting(std::int32_t change) { waiting_.fetch_add(static_cast<std::uint32_t>(change)); }
    [[nodiscard]] std::uint32_t waiting() const { return waiting_.load(); }

private:
    std::atomic<TimePoint> recovered_at_{TimePoint{}};
    alignas(64) std::atomic<std::uint32_t> connections_{0};
    // Both are sequentially consistent: who gives a place back must see who waits, or who waits the place.
    std::atomic<std::uint32_t> waiting_{0};
};

}  // namespace sluice::upstream
