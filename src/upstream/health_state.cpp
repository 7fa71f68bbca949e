#include "upstream/health_state.hpp"

#include <utility>

namespace sluice::upstream {

bool HealthState::record(bool has_passed, std::string error, TimePoint now) {
    const std::lock_guard lock(mutex_);
    const bool goes_on = report_.checked_at && has_passed == has_passed_;
    report_.in_a_row = goes_on ? report_.in_a_row + 1 : 1;
    report_.checked_at = now;
    has_passed_ = has_passed;
    if (!has_passed) {
        report_.last_error = std::move(error);
        report_.failed_at = now;
    }
    const Health next = after(has_passed, report_.in_a_row);
    if (next == report_.state) return false;
    report_.state = next;
    report_.changed_at = now;
    state_.store(next, std::memory_order_release);
    return true;
}

Health HealthState::after(bool has_passed, std::uint32_t in_a_row) const {
    const Health wanted = has_passed ? Health::Up : Health::Down;
    if (report_.state == Health::Unknown) return wanted;
    return in_a_row >= (has_passed ? healthy_ : unhealthy_) ? wanted : report_.state;
}

void HealthState::forget() {
    const std::lock_guard lock(mutex_);
    report_ = {};
    state_.store(Health::Unknown, std::memory_order_release);
}

HealthState::Report HealthState::report() const {
    const std::lock_guard lock(mutex_);
    return report_;
}

}  // namespace sluice::upstream
