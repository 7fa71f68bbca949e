#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <limits>

#include "base/clock.hpp"

namespace sluice::upstream {

/// Counts the requests of a rolling window, and how many of them failed or were slow. The window moves by tenths, so
/// that it reaches back between nine tenths of its length and the whole.
///
/// Threading: any thread; no locks. What is told while another thread makes a tenth ready for use again may be lost: a
///            few requests at most, of which a share takes no notice.
class ShareWindow {
public:
    struct Totals {
        std::uint64_t requests = 0;
        std::uint64_t failures = 0;
        std::uint64_t slow = 0;
    };
    enum class Kind : std::uint8_t { Fine, Failure, Slow };

    explicit ShareWindow(Duration window);

    void count(Kind kind, TimePoint now);
    [[nodiscard]] Totals totals(TimePoint now) const;
    /// Forgets all. What another thread counts meanwhile may stay.
    void clear();

private:
    static constexpr std::int64_t bucket_count = 10;
    static constexpr std::int64_t unused = std::numeric_limits<std::int64_t>::min();
    static constexpr std::int64_t being_emptied = std::numeric_limits<std::int64_t>::max();

    struct alignas(64) Bucket {
        /// The number of the tenth that is counted here, since the clock's epoch, or one of the above.
        std::atomic<std::int64_t> tenth{unused};
        std::atomic<std::uint64_t> requests{0};
        std::atomic<std::uint64_t> failures{0};
        std::atomic<std::uint64_t> slow{0};
    };

    [[nodiscard]] std::int64_t tenth_of(TimePoint now) const;
    /// The bucket that counts this tenth; nullptr when it cannot be had now.
    [[nodiscard]] Bucket* bucket_for(std::int64_t tenth);

    Duration width_;
    std::array<Bucket, bucket_count> buckets_;
};

}  // namespace sluice::upstream
