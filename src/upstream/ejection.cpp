#include "upstream/ejection.hpp"

#include <algorithm>

namespace sluice::upstream {

std::optional<TimePoint> EndpointEjection::ejected_until() const {
    const TimePoint until = until_.load(std::memory_order_acquire);
    return until == in_use ? std::nullopt : std::optional(until);
}

std::optional<TimePoint> Ejector::fail(EndpointEjection& endpoint, Failure kind, std::uint32_t endpoints,
                                       TimePoint now) {
    if (endpoint.until_.load(std::memory_order_acquire) != EndpointEjection::in_use) return std::nullopt;
    const bool is_connect = kind == Failure::Connect;
    // Whoever answers, or lets us wait for an answer, could be reached.
    if (!is_connect) EndpointEjection::clear(endpoint.connect_failures_);
    const std::uint32_t limit = is_connect ? config_.connect_failures : config_.server_errors;
    if (limit == 0) return std::nullopt;
    std::atomic<std::uint32_t>& count = is_connect ? endpoint.connect_failures_ : endpoint.server_errors_;
    if (count.fetch_add(1, std::memory_order_relaxed) + 1 < limit) return std::nullopt;
    return eject(endpoint, kind, endpoints, now);
}

std::optional<TimePoint> Ejector::eject(EndpointEjection& endpoint, Failure kind, std::uint32_t endpoints,
                                        TimePoint now) {
    if (!take_place(endpoints)) return std::nullopt;
    const std::uint32_t steps = next_steps(endpoint, now);
    const Duration time = std::min<Duration>(config_.time * steps, config_.max_time);
    TimePoint expected = EndpointEjection::in_use;
    if (!endpoint.until_.compare_exchange_strong(expected, now + time, std::memory_order_acq_rel)) {
        ejected_->fetch_sub(1, std::memory_order_relaxed);
        return std::nullopt;
    }
    endpoint.steps_.store(steps, std::memory_order_relaxed);
    endpoint.reason_.store(kind, std::memory_order_relaxed);
    return now + time;
}

std::uint32_t Ejector::next_steps(const EndpointEjection& endpoint, TimePoint now) const {
    const auto step = std::max<std::int64_t>(config_.time.count(), 1);
    const std::int64_t most_steps = std::max<std::int64_t>((config_.max_time.count() + step - 1) / step, 1);
    const Duration in_health = now - endpoint.returned_.load(std::memory_order_relaxed);
    const std::int64_t forgotten = std::max<std::int64_t>(in_health / config::milliseconds(step), 0);
    const std::int64_t left = endpoint.steps_.load(std::memory_order_relaxed) - forgotten;
    return static_cast<std::uint32_t>(std::min(std::max<std::int64_t>(left, 0) + 1, most_steps));
}

std::uint32_t Ejector::most(std::uint32_t endpoints) const {
    const std::uint64_t share = std::uint64_t{endpoints} * config_.max_percent / 100;
    const std::uint64_t least = endpoints >= 2 && config_.max_percent > 0 ? 1 : 0;
    return static_cast<std::uint32_t>(std::max(share, least));
}

bool Ejector::take_place(std::uint32_t endpoints) {
    const std::uint32_t limit = most(endpoints);
    std::uint32_t taken = ejected_->load(std::memory_order_relaxed);
    do {
        if (taken >= limit) return false;
    } while (!ejected_->compare_exchange_weak(taken, taken + 1, std::memory_order_relaxed));
    return true;
}

bool Ejector::return_if_due(EndpointEjection& endpoint, TimePoint now) {
    const TimePoint until = endpoint.until_.load(std::memory_order_acquire);
    if (until == EndpointEjection::in_use || until == EndpointEjection::removed || now < until) return false;
    return put_back(endpoint, until, until);
}

bool Ejector::end(EndpointEjection& endpoint, TimePoint now) {
    const TimePoint until = endpoint.until_.load(std::memory_order_acquire);
    if (until == EndpointEjection::in_use || until == EndpointEjection::removed) return false;
    return put_back(endpoint, until, std::min(now, until));
}

bool Ejector::put_back(EndpointEjection& endpoint, TimePoint until, TimePoint returned) {
    // Before it is in use again, or an old count would eject it at the next failure.
    endpoint.connect_failures_.store(0, std::memory_order_relaxed);
    endpoint.server_errors_.store(0, std::memory_order_relaxed);
    endpoint.returned_.store(returned, std::memory_order_relaxed);
    if (!endpoint.until_.compare_exchange_strong(until, EndpointEjection::in_use, std::memory_order_acq_rel)) {
        return false;
    }
    ejected_->fetch_sub(1, std::memory_order_relaxed);
    return true;
}

void Ejector::remove(EndpointEjection& endpoint) {
    const TimePoint until = endpoint.until_.exchange(EndpointEjection::removed, std::memory_order_acq_rel);
    if (until == EndpointEjection::in_use || until == EndpointEjection::removed) return;
    ejected_->fetch_sub(1, std::memory_order_relaxed);
}

}  // namespace sluice::upstream
