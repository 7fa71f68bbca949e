#include "http2/outgoing_body.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace sluice::http2 {

bool OutgoingBody::put(std::string_view data, bool is_last, std::string_view trailers) {
    data_ = data;
    is_last_ = is_last;
    has_piece_ = true;
    if (is_last) trailers_ = trailers;
    return std::exchange(is_deferred_, false);
}

std::optional<std::size_t> OutgoingBody::take(std::span<std::uint8_t> space, FloodGuard& guard) {
    if (!has_piece_) {
        is_deferred_ = true;
        return std::nullopt;
    }
    const std::size_t taken = std::min(space.size(), data_.size());
    if (taken != 0) std::memcpy(space.data(), data_.data(), taken);
    data_.remove_prefix(taken);
    guard.earn_sent(taken);
    if (data_.empty()) {
        // Small messages are worth something too, but not what a small window has made small.
        guard.earn(price::piece);
        has_piece_ = false;
    }
    return taken;
}

std::uint32_t OutgoingBody::end(nghttp2_session* session, StreamId stream, MessageFields& fields) const {
    if (trailers_.empty()) return NGHTTP2_DATA_FLAG_EOF;
    fields.set_trailers(trailers_);
    if (fields.count() == 0 || nghttp2_submit_trailer(session, stream, fields.data(), fields.count()) != 0) return NGHTTP2_DATA_FLAG_EOF;
    return std::uint32_t{NGHTTP2_DATA_FLAG_EOF} | std::uint32_t{NGHTTP2_DATA_FLAG_NO_END_STREAM};
}

}  // namespace sluice::http2
