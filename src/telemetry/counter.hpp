#pragma once

#include <atomic>
#include <cstdint>

namespace sluice::telemetry {

/// A number that one thread changes and others read: a plain addition for its writer, no locked
/// instruction.
///
/// Threading: one writer, any number of readers.
template <typename Number>
class OwnedNumber {
public:
    void add(Number amount) noexcept {
        value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
    }
    void set(Number value) noexcept { value_.store(value, std::memory_order_relaxed); }
    [[nodiscard]] Number value() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<Number> value_{0};
};

/// Only ever grows.
using Counter = OwnedNumber<std::uint64_t>;
/// Goes up and down.
using Gauge = OwnedNumber<std::int64_t>;

}  // namespace sluice::telemetry
