#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "config/cluster.hpp"

namespace sluice::upstream {

/// Unknown until the first check is made.
enum class Health : std::uint8_t { Unknown, Up, Down };

/// What the active checks of one endpoint say. The first one decides alone; after that it takes some in a row to
/// change the state.
///
/// Threading: `record` by one thread at a time, the one that makes the checks. Any thread may read; `is_up` and `state`
///            are one load of a line that changes with the state alone, `report` takes the mutex.
class HealthState {
public:
    /// For an operator.
    struct Report {
        Health state = Health::Unknown;
        /// When the state changed last; nothing before the first check.
        std::optional<TimePoint> changed_at;
        std::optional<TimePoint> checked_at;
        /// Of the last check that failed, in one sentence; stays when later ones pass.
        std::string last_error;
        std::optional<TimePoint> failed_at;
        /// Checks in a row up to the last one that ended as it did.
        std::uint32_t in_a_row = 0;
    };

    explicit HealthState(const config::HealthCheck& config) : healthy_(config.healthy), unhealthy_(config.unhealthy) {}
    HealthState(const HealthState&) = delete;
    HealthState& operator=(const HealthState&) = delete;

    /// Takes the result of a check; `error` says what was wrong with one that failed. True when the state changed, from
    /// Unknown too.
    bool record(bool has_passed, std::string error, TimePoint now);

    /// From now on it takes so many checks in a row. By the thread that records.
    void use(const config::HealthCheck& config) {
        healthy_ = config.healthy;
        unhealthy_ = config.unhealthy;
    }
    /// Nobody checks it any more: what was known is no longer true for ever. By the thread that records.
    void forget();

    /// An endpoint that was never checked counts as up.
    [[nodiscard]] bool is_up() const { return state() != Health::Down; }
    [[nodiscard]] Health state() const { return state_.load(std::memory_order_acquire); }
    [[nodiscard]] Report report() const;

private:
    [[nodiscard]] Health after(bool has_passed, std::uint32_t in_a_row) const;

    /// Of the thread that records.
    std::uint32_t healthy_;
    std::uint32_t unhealthy_;
    std::atomic<Health> state_{Health::Unknown};

    mutable std::mutex mutex_;
    bool has_passed_ = false;
    Report report_;
};

}  // namespace sluice::upstream
