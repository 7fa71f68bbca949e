#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "http2/flood_guard.hpp"

namespace sluice::http2 {

/// What a peer has got and not given back to a window yet (RFC 9113, 6.9): as long as there is some, WINDOW_UPDATE is about to come.
///
/// Threading: one worker.
class WindowCredit {
public:
    void spend(std::size_t bytes) { outstanding_ += static_cast<std::int64_t>(bytes); }
    void add(std::int64_t bytes) { outstanding_ = std::max<std::int64_t>(outstanding_ - bytes, 0); }
    /// More than a small frame.
    [[nodiscard]] bool is_awaited() const { return outstanding_ >= static_cast<std::int64_t>(price::least_fair_frame); }

private:
    std::int64_t outstanding_ = 0;
};

}  // namespace sluice::http2
