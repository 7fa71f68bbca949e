#pragma once

#include <algorithm>
#include <vector>

#include "http2/protocol.hpp"

namespace sluice::http2 {

/// The stream ids that a client has left out: it may not come back to them (RFC 9113, 5.1.1). The last of them are kept.
class SkippedIds {
public:
    /// A HEADERS frame came; false when it is of an id that was left out.
    [[nodiscard]] bool take(StreamId id) {
        if (id > last_) {
            if (id > last_ + 2) gaps_.push_back({last_, id});
            if (gaps_.size() > most_gaps) gaps_.erase(gaps_.begin());
            last_ = id;
            return true;
        }
        return std::ranges::none_of(gaps_, [id](const Gap& gap) { return id > gap.after && id < gap.before; });
    }

private:
    struct Gap {
        StreamId after;
        StreamId before;
    };
    static constexpr std::size_t most_gaps = 16;

    /// Clients' ids are odd.
    StreamId last_ = -1;
    std::vector<Gap> gaps_;
};

}  // namespace sluice::http2
