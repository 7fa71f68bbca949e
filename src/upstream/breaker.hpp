#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>

#include "base/clock.hpp"
#include "config/cluster.hpp"
#include "upstream/share_window.hpp"

namespace sluice::upstream {

/// Closed lets all through, Open none, HalfOpen a few that try the cluster again.
enum class BreakerState : std::uint8_t { Closed, Open, HalfOpen };

/// What became of a request. A success that took too long to its head counts as slow; the breaker decides that.
/// Abandoned: the client left before anything was known, which says nothing about the cluster.
enum class Outcome : std::uint8_t { Success, Failure, Abandoned };

/// The breaker's answer to a request, which goes back to it with the outcome.
struct Admission {
    enum class Kind : std::uint8_t {
        /// Go; the breaker is closed.
        Closed,
        /// Go; the outcome decides whether the breaker closes.
        Probe,
        /// Refused: it is open, or enough probes are under way.
        Open,
        /// Refused: as many requests are under way as may be.
        Full,
    };
    Kind kind = Kind::Open;
    /// The state in which it was given, so that a late outcome does not disturb a later one.
    std::uint64_t given_in = 0;

    [[nodiscard]] bool is_admitted() const { return kind == Kind::Closed || kind == Kind::Probe; }
};

/// Stops asking a cluster that fails as a whole, and finds out when it is well again.
///
///     closed ----- failures in a row, share of failures, share of slow ones -----> open
///     open ------- the first request after open_time ----------------------------> half-open
///     half-open -- all probes succeeded -----------------------------------------> closed, with an empty window
///     half-open -- one failed, or was slow while slow ones are watched ----------> open
///
/// Only a failure or a slow success opens it: a success that completes min_requests does not. An operator may hold it open or
/// closed, whatever requests say.
///
/// Threading: shared by all workers. While it is closed or open there are atomics only, and what is not configured
///            costs nothing; a mutex is taken to change the state and for the few requests that get a probe
///            (docs/decisions/0003-locks.md).
/// Failure:   an admitted request must be finished once, or its places stay taken.
class Breaker {
public:
    explicit Breaker(const config::Breaker& config);
    Breaker(const Breaker&) = delete;
    Breaker& operator=(const Breaker&) = delete;

    [[nodiscard]] Admission admit(TimePoint now);

    /// `record` and `leave` at once. All three take refused admissions too, and do nothing.
    std::optional<BreakerState> finish(const Admission& admission, Outcome outcome, Duration to_head, TimePoint now);

    /// Tells the outcome as soon as it is known, which is when the response head has come: a long body does not keep a
    /// probe's place. Returns the new state when this call changed it, for the log.
    std::optional<BreakerState> record(const Admission& admission, Outcome outcome, Duration to_head, TimePoint now);

    /// The request is over: its place among max_requests is free.
    void leave(const Admission& admission);

    /// Holds it Open or Closed until told otherwise; with nothing it decides by itself again: one that was held open tries
    /// the cluster with the next request, one that was held closed begins with an empty window.
    void force(std::optional<BreakerState> state, TimePoint now);
    /// The state in which it is held.
    [[nodiscard]] std::optional<BreakerState> forced() const;

    /// HalfOpen from when the next request would be a probe, even if none has come yet.
    [[nodiscard]] BreakerState state(TimePoint now) const;
    /// For Retry-After: how long it stays open; zero when it is not, or when probes are under way. While it is held open:
    /// open_time.
    [[nodiscard]] Duration retry_after(TimePoint now) const;
    /// When its state changed last; nothing when it never did.
    [[nodiscard]] std::optional<TimePoint> last_change() const;

    /// How often it opened, after a failed probe too.
    [[nodiscard]] std::uint64_t opened() const { return opened_.load(std::memory_order_relaxed); }
    /// Requests that were refused because it was open.
    [[nodiscard]] std::uint64_t refused_open() const { return refused_open_.load(std::memory_order_relaxed); }
    /// Requests that were refused because of max_requests.
    [[nodiscard]] std::uint64_t refused_full() const { return refused_full_.load(std::memory_order_relaxed); }
    /// Requests under way; 0 where max_requests sets no limit, since they are not counted then.
    [[nodiscard]] std::uint32_t under_way() const { return under_way_.load(std::memory_order_relaxed); }

private:
    [[nodiscard]] Admission refuse_open();
    [[nodiscard]] Admission admit_probe(TimePoint now);
    [[nodiscard]] bool take_place();
    void give_place_back();
    [[nodiscard]] bool is_slow(Outcome outcome, Duration to_head) const;
    [[nodiscard]] bool is_too_much(TimePoint now) const;
    std::optional<BreakerState> record_closed(const Admission& admission, ShareWindow::Kind kind, TimePoint now);
    std::optional<BreakerState> record_probe(const Admission& admission, Outcome outcome, bool is_slow, TimePoint now);
    void change_locked(BreakerState to, TimePoint now);
    void count_free_probes_locked();

    const config::Breaker config_;
    const std::uint32_t probes_;
    const bool has_shares_;

    // Read by every request, written when the state changes.
    /// The number of changes so far and the state: (changes << 2) | state.
    alignas(64) std::atomic<std::uint64_t> gate_{0};
    std::atomic<TimePoint> open_until_{TimePoint{}};
    std::atomic<TimePoint> last_change_{TimePoint{}};
    std::atomic<std::uint32_t> free_probes_{0};
    std::atomic<std::uint32_t> failures_in_a_row_{0};
    std::atomic<std::uint64_t> opened_{0};
    /// Nothing is told by HalfOpen. Looked at when the state is about to change, and changed under the mutex.
    std::atomic<BreakerState> forced_{BreakerState::HalfOpen};

    // Written by requests.
    alignas(64) std::atomic<std::uint32_t> under_way_{0};
    alignas(64) std::atomic<std::uint64_t> refused_open_{0};
    std::atomic<std::uint64_t> refused_full_{0};
    ShareWindow window_;

    // Under the mutex, as is every write of gate_.
    std::mutex mutex_;
    /// Probes under way, those of an earlier half-open state included: the cluster never gets more at a time.
    std::uint32_t probes_running_ = 0;
    /// Of this half-open state: probes under way and succeeded.
    std::uint32_t probes_given_ = 0;
    std::uint32_t probes_succeeded_ = 0;
};

}  // namespace sluice::upstream
