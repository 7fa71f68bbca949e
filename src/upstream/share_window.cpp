#include "upstream/share_window.hpp"

#include <algorithm>
#include <cstddef>

namespace sluice::upstream {

ShareWindow::ShareWindow(Duration window) : width_(std::max<Duration>(window / bucket_count, Duration{1})) {}

std::int64_t ShareWindow::tenth_of(TimePoint now) const { return now.time_since_epoch() / width_; }

ShareWindow::Bucket* ShareWindow::bucket_for(std::int64_t tenth) {
    Bucket& bucket = buckets_[static_cast<std::size_t>(static_cast<std::uint64_t>(tenth) % bucket_count)];
    std::int64_t found = bucket.tenth.load(std::memory_order_acquire);
    if (found == tenth) return &bucket;
    // Another thread empties it, or has gone on to a later tenth because this one's time lags behind by a window.
    if (found > tenth) return nullptr;
    if (!bucket.tenth.compare_exchange_strong(found, being_emptied, std::memory_order_acq_rel)) {
        return found == tenth ? &bucket : nullptr;
    }
    bucket.requests.store(0, std::memory_order_relaxed);
    bucket.failures.store(0, std::memory_order_relaxed);
    bucket.slow.store(0, std::memory_order_relaxed);
    bucket.tenth.store(tenth, std::memory_order_release);
    return &bucket;
}

void ShareWindow::count(Kind kind, TimePoint now) {
    Bucket* bucket = bucket_for(tenth_of(now));
    if (bucket == nullptr) return;
    bucket->requests.fetch_add(1, std::memory_order_relaxed);
    if (kind == Kind::Failure) bucket->failures.fetch_add(1, std::memory_order_relaxed);
    if (kind == Kind::Slow) bucket->slow.fetch_add(1, std::memory_order_relaxed);
}

ShareWindow::Totals ShareWindow::totals(TimePoint now) const {
    const std::int64_t oldest = tenth_of(now) - bucket_count + 1;
    Totals sum;
    for (const Bucket& bucket : buckets_) {
        const std::int64_t tenth = bucket.tenth.load(std::memory_order_acquire);
        if (tenth < oldest || tenth == being_emptied) continue;
        sum.requests += bucket.requests.load(std::memory_order_relaxed);
        sum.failures += bucket.failures.load(std::memory_order_relaxed);
        sum.slow += bucket.slow.load(std::memory_order_relaxed);
    }
    return sum;
}

void ShareWindow::clear() {
    for (Bucket& bucket : buckets_) bucket.tenth.store(unused, std::memory_order_release);
}

}  // namespace sluice::upstream
