#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

namespace sluice::upstream {

/// What an operator has said of an endpoint, in the place of what the configuration and the checks say.
struct EndpointOverride {
    std::optional<bool> drain;
    std::optional<std::uint32_t> weight;
    /// Up: requests are sent whatever checks and failures say. Down: none are.
    std::optional<bool> is_up;

    [[nodiscard]] bool empty() const { return !drain && !weight && !is_up; }
    bool operator==(const EndpointOverride&) const = default;
};

/// Holds one for many threads: one word.
class EndpointOverrideCell {
public:
    [[nodiscard]] EndpointOverride get() const {
        const std::uint64_t word = word_.load(std::memory_order_relaxed);
        EndpointOverride said;
        said.drain = flag(word >> drain_shift);
        said.is_up = flag(word >> up_shift);
        if ((word & weight_bit) != 0) said.weight = static_cast<std::uint32_t>(word);
        return said;
    }
    void set(const EndpointOverride& said) {
        std::uint64_t word = (bits(said.drain) << drain_shift) | (bits(said.is_up) << up_shift);
        if (said.weight) word |= weight_bit | *said.weight;
        word_.store(word, std::memory_order_relaxed);
    }
    [[nodiscard]] std::optional<bool> is_up() const { return flag(word_.load(std::memory_order_relaxed) >> up_shift); }

private:
    static constexpr std::uint64_t weight_bit = std::uint64_t{1} << 32U;
    static constexpr unsigned drain_shift = 33;
    static constexpr unsigned up_shift = 35;

    /// Two bits: 0 for nothing said, 2 for false, 3 for true.
    static std::optional<bool> flag(std::uint64_t word) {
        return (word & 2U) != 0 ? std::optional((word & 1U) != 0) : std::nullopt;
    }
    static std::uint64_t bits(std::optional<bool> flag) { return flag ? (*flag ? 3U : 2U) : 0U; }

    std::atomic<std::uint64_t> word_{0};
};

}  // namespace sluice::upstream
