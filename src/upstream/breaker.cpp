#include "upstream/breaker.hpp"

#include <algorithm>

namespace sluice::upstream {
namespace {

constexpr std::uint64_t state_bits = 2;

BreakerState state_of(std::uint64_t gate) { return static_cast<BreakerState>(gate & ((1U << state_bits) - 1)); }

bool reaches(std::uint64_t part, std::uint64_t whole, std::uint32_t percent) {
    return percent != 0 && part * 100 >= whole * percent;
}

}  // namespace

Breaker::Breaker(const config::Breaker& config)
    : config_(config),
      probes_(std::max(config.probes, 1U)),
      has_shares_(config.error_percent != 0 || config.slow_percent != 0),
      window_(config.window) {}

Admission Breaker::admit(TimePoint now) {
    const std::uint64_t gate = gate_.load(std::memory_order_acquire);
    switch (state_of(gate)) {
        case BreakerState::Closed:
            break;
        case BreakerState::Open:
            if (now < open_until_.load(std::memory_order_relaxed)) return refuse_open();
            return admit_probe(now);
        case BreakerState::HalfOpen:
            // Spares the many that come meanwhile the mutex.
            if (free_probes_.load(std::memory_order_relaxed) == 0) return refuse_open();
            return admit_probe(now);
    }
    if (!take_place()) return {Admission::Kind::Full, gate};
    return {Admission::Kind::Closed, gate};
}

Admission Breaker::refuse_open() {
    refused_open_.fetch_add(1, std::memory_order_relaxed);
    return {Admission::Kind::Open, 0};
}

Admission Breaker::admit_probe(TimePoint now) {
    if (!take_place()) return {Admission::Kind::Full, 0};
    const std::lock_guard lock(mutex_);
    BreakerState state = state_of(gate_.load(std::memory_order_relaxed));
    // Another probe has closed it meanwhile.
    if (state == BreakerState::Closed) return {Admission::Kind::Closed, gate_.load(std::memory_order_relaxed)};
    if (state == BreakerState::Open && now >= open_until_.load(std::memory_order_relaxed)) {
        change_locked(BreakerState::HalfOpen, now);
        state = BreakerState::HalfOpen;
    }
    if (state != BreakerState::HalfOpen || free_probes_.load(std::memory_order_relaxed) == 0) {
        give_place_back();
        return refuse_open();
    }
    ++probes_running_;
    ++probes_given_;
    count_free_probes_locked();
    return {Admission::Kind::Probe, gate_.load(std::memory_order_relaxed)};
}

bool Breaker::take_place() {
    if (config_.max_requests == 0) return true;
    std::uint32_t taken = under_way_.load(std::memory_order_relaxed);
    do {
        if (taken >= config_.max_requests) {
            refused_full_.fetch_add(1, std::memory_order_relaxed);
            return false;
        }
    } while (!under_way_.compare_exchange_weak(taken, taken + 1, std::memory_order_acq_rel, std::memory_order_relaxed));
    return true;
}

void Breaker::give_place_back() {
    if (config_.max_requests != 0) under_way_.fetch_sub(1, std::memory_order_acq_rel);
}

std::optional<BreakerState> Breaker::finish(const Admission& admission, Outcome outcome, Duration to_head,
                                            TimePoint now) {
    const std::optional<BreakerState> changed = record(admission, outcome, to_head, now);
    leave(admission);
    return changed;
}

void Breaker::leave(const Admission& admission) {
    if (admission.is_admitted()) give_place_back();
}

std::optional<BreakerState> Breaker::record(const Admission& admission, Outcome outcome, Duration to_head,
                                            TimePoint now) {
    if (!admission.is_admitted()) return std::nullopt;
    const bool slow = is_slow(outcome, to_head);
    if (admission.kind == Admission::Kind::Probe) return record_probe(admission, outcome, slow, now);
    if (outcome == Outcome::Abandoned) return std::nullopt;
    if (outcome == Outcome::Failure) return record_closed(admission, ShareWindow::Kind::Failure, now);
    return record_closed(admission, slow ? ShareWindow::Kind::Slow : ShareWindow::Kind::Fine, now);
}

bool Breaker::is_slow(Outcome outcome, Duration to_head) const {
    return outcome == Outcome::Success && config_.slow_percent != 0 && to_head > config_.slow_after;
}

std::optional<BreakerState> Breaker::record_closed(const Admission& admission, ShareWindow::Kind kind, TimePoint now) {
    if (gate_.load(std::memory_order_acquire) != admission.given_in) return std::nullopt;
    if (has_shares_) window_.count(kind, now);
    bool opens = false;
    if (kind == ShareWindow::Kind::Failure) {
        if (config_.consecutive_failures != 0) {
            const std::uint32_t in_a_row = failures_in_a_row_.fetch_add(1, std::memory_order_relaxed) + 1;
            opens = in_a_row >= config_.consecutive_failures;
        }
    } else if (failures_in_a_row_.load(std::memory_order_relaxed) != 0) {
        failures_in_a_row_.store(0, std::memory_order_relaxed);
    }
    if (kind == ShareWindow::Kind::Fine || (!opens && !is_too_much(now))) return std::nullopt;

    const std::lock_guard lock(mutex_);
    if (gate_.load(std::memory_order_relaxed) != admission.given_in || forced()) return std::nullopt;
    change_locked(BreakerState::Open, now);
    return BreakerState::Open;
}

void Breaker::force(std::optional<BreakerState> state, TimePoint now) {
    const std::lock_guard lock(mutex_);
    const std::optional<BreakerState> before = forced();
    if (before == state) return;
    forced_.store(state.value_or(BreakerState::HalfOpen), std::memory_order_relaxed);
    if (state == BreakerState::Open) {
        change_locked(BreakerState::Open, now);
        open_until_.store(TimePoint::max(), std::memory_order_relaxed);
    } else if (state == BreakerState::Closed || before == BreakerState::Closed) {
        change_locked(BreakerState::Closed, now);
    } else {
        open_until_.store(now, std::memory_order_relaxed);
    }
}

std::optional<BreakerState> Breaker::forced() const {
    const BreakerState state = forced_.load(std::memory_order_relaxed);
    return state == BreakerState::HalfOpen ? std::nullopt : std::optional(state);
}

bool Breaker::is_too_much(TimePoint now) const {
    if (!has_shares_) return false;
    const ShareWindow::Totals totals = window_.totals(now);
    if (totals.requests < config_.min_requests) return false;
    return reaches(totals.failures, totals.requests, config_.error_percent) ||
           reaches(totals.slow, totals.requests, config_.slow_percent);
}

std::optional<BreakerState> Breaker::record_probe(const Admission& admission, Outcome outcome, bool is_slow,
                                                  TimePoint now) {
    const std::lock_guard lock(mutex_);
    --probes_running_;
    std::optional<BreakerState> changed;
    // Another probe has decided already when it differs.
    if (gate_.load(std::memory_order_relaxed) == admission.given_in) {
        if (outcome == Outcome::Abandoned) {
            --probes_given_;
        } else if (outcome == Outcome::Failure || is_slow) {
            changed = BreakerState::Open;
        } else if (++probes_succeeded_ == probes_) {
            changed = BreakerState::Closed;
        }
    }
    if (changed) {
        change_locked(*changed, now);
    } else {
        count_free_probes_locked();
    }
    return changed;
}

void Breaker::change_locked(BreakerState to, TimePoint now) {
    if (to == BreakerState::Open) {
        open_until_.store(now + config_.open_time, std::memory_order_relaxed);
        opened_.fetch_add(1, std::memory_order_relaxed);
    } else if (to == BreakerState::Closed) {
        window_.clear();
        failures_in_a_row_.store(0, std::memory_order_relaxed);
    } else {
        probes_given_ = 0;
        probes_succeeded_ = 0;
        count_free_probes_locked();
    }
    last_change_.store(now, std::memory_order_relaxed);
    const std::uint64_t changes = (gate_.load(std::memory_order_relaxed) >> state_bits) + 1;
    gate_.store((changes << state_bits) | static_cast<std::uint64_t>(to), std::memory_order_release);
}

void Breaker::count_free_probes_locked() {
    const std::uint32_t taken = std::min(probes_, std::max(probes_running_, probes_given_));
    free_probes_.store(probes_ - taken, std::memory_order_relaxed);
}

BreakerState Breaker::state(TimePoint now) const {
    const BreakerState state = state_of(gate_.load(std::memory_order_acquire));
    const bool is_due = now >= open_until_.load(std::memory_order_relaxed);
    return state == BreakerState::Open && is_due ? BreakerState::HalfOpen : state;
}

Duration Breaker::retry_after(TimePoint now) const {
    if (state(now) != BreakerState::Open) return Duration::zero();
    if (forced()) return config_.open_time;
    return std::max(open_until_.load(std::memory_order_relaxed) - now, Duration::zero());
}

std::optional<TimePoint> Breaker::last_change() const {
    if (gate_.load(std::memory_order_acquire) == 0) return std::nullopt;
    return last_change_.load(std::memory_order_relaxed);
}

}  // namespace sluice::upstream
