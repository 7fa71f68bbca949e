#include "http2/nghttp2_session.hpp"

#include <algorithm>
#include <cstring>

namespace sluice::http2 {

std::size_t Output::take(nghttp2_session* session, std::span<char> space) {
    std::size_t used = 0;
    while (used != space.size()) {
        if (unsent_.empty()) {
            const std::uint8_t* data = nullptr;
            const auto size = nghttp2_session_mem_send(session, &data);
            if (size <= 0) break;
            unsent_ = text_of(data, static_cast<std::size_t>(size));
        }
        const std::size_t taken = std::min(space.size() - used, unsent_.size());
        std::memcpy(space.data() + used, unsent_.data(), taken);
        unsent_.remove_prefix(taken);
        used += taken;
    }
    return used;
}

bool Output::is_wanted(nghttp2_session* session) const { return !unsent_.empty() || nghttp2_session_want_write(session) != 0; }

}  // namespace sluice::http2
