#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/clock.hpp"
#include "config/cluster.hpp"

namespace sluice::upstream {

/// What a request met at an endpoint. ServerError: a response of 500 and above, a broken one, or none in time.
enum class Failure : std::uint8_t { Connect, ServerError };

/// What requests met at one endpoint, and whether it is out of use because of that.
///
/// Threading: shared by all workers; atomics only. While all goes well it is read and never written, so its cache line
///            stays with every worker.
class EndpointEjection {
public:
    EndpointEjection() = default;
    EndpointEjection(const EndpointEjection&) = delete;
    EndpointEjection& operator=(const EndpointEjection&) = delete;

    /// A request went well there: failures are no longer in a row.
    void succeed() {
        clear(connect_failures_);
        clear(server_errors_);
    }

    [[nodiscard]] bool is_ejected(TimePoint now) const {
        const TimePoint until = until_.load(std::memory_order_acquire);
        return until != in_use && now < until;
    }
    /// The end of its ejection, which may have passed if nobody has let it return yet; nothing while it is in use.
    [[nodiscard]] std::optional<TimePoint> ejected_until() const;
    /// Why it is out; the last time, while it is in use.
    [[nodiscard]] Failure reason() const { return reason_.load(std::memory_order_relaxed); }

private:
    friend class Ejector;

    static constexpr TimePoint in_use = TimePoint::min();
    /// Left its cluster; never in use again.
    static constexpr TimePoint removed = TimePoint::max();

    static void clear(std::atomic<std::uint32_t>& count) {
        if (count.load(std::memory_order_relaxed) != 0) count.store(0, std::memory_order_relaxed);
    }

    std::atomic<TimePoint> until_{in_use};
    std::atomic<std::uint32_t> connect_failures_{0};
    std::atomic<std::uint32_t> server_errors_{0};
    /// How many times `time` the last ejection was long, before health made it shorter.
    std::atomic<std::uint32_t> steps_{0};
    /// The end of the last ejection.
    std::atomic<TimePoint> returned_{TimePoint{}};
    std::atomic<Failure> reason_{Failure::Connect};
};

/// Decides for a cluster which endpoints are taken out of use, for how long, and that enough of them stay.
///
/// The first ejection takes `time`, each further one is longer by as much, up to `max_time`; every `time` that the
/// endpoint then spends in use takes one such step off again.
///
/// Threading: shared by all workers; atomics only. Of several callers one ejects, and one lets return.
/// Lifetime:  an endpoint that leaves the cluster must be given to `remove`, or it is counted for ever.
class Ejector {
public:
    /// With `previous` it takes over the endpoints that are out there, of a cluster whose settings have changed.
    explicit Ejector(const config::Ejection& config, const Ejector* previous = nullptr)
        : config_(config), ejected_(previous != nullptr ? previous->ejected_ : std::make_shared<Count>(0)) {}
    Ejector(const Ejector&) = delete;
    Ejector& operator=(const Ejector&) = delete;

    /// Counts a failure. Returns the end of the ejection when this very call has ejected the endpoint. When too many of
    /// the cluster's `endpoints` are out already, the next failure asks again. While an endpoint is out nothing is
    /// counted: what comes then was sent before, or because there is no other.
    std::optional<TimePoint> fail(EndpointEjection& endpoint, Failure kind, std::uint32_t endpoints, TimePoint now);

    /// Lets an endpoint return whose time is over. True when this very call did; its failures are forgotten.
    bool return_if_due(EndpointEjection& endpoint, TimePoint now);

    /// Lets an endpoint return before its time is over, because it is known to be well. True when this very call did.
    bool end(EndpointEjection& endpoint, TimePoint now);

    /// The endpoint has left the cluster, and makes room if it was out. What requests still tell about it is ignored.
    void remove(EndpointEjection& endpoint);

    [[nodiscard]] bool is_ejected(const EndpointEjection& endpoint, TimePoint now) const {
        return endpoint.is_ejected(now);
    }
    /// Endpoints that are out.
    [[nodiscard]] std::uint32_t ejected() const { return ejected_->load(std::memory_order_relaxed); }

private:
    using Count = std::atomic<std::uint32_t>;

    [[nodiscard]] std::uint32_t most(std::uint32_t endpoints) const;
    [[nodiscard]] bool take_place(std::uint32_t endpoints);
    [[nodiscard]] std::uint32_t next_steps(const EndpointEjection& endpoint, TimePoint now) const;
    [[nodiscard]] std::optional<TimePoint> eject(EndpointEjection& endpoint, Failure kind, std::uint32_t endpoints,
                                                 TimePoint now);
    bool put_back(EndpointEjection& endpoint, TimePoint until, TimePoint returned);

    const config::Ejection config_;
    std::shared_ptr<Count> ejected_;
};

}  // namespace sluice::upstream
