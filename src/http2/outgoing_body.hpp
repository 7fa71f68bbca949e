#pragma once

#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "http2/flood_guard.hpp"
#include "http2/message_fields.hpp"
#include "http2/protocol.hpp"
#include "http2/window_credit.hpp"

namespace sluice::http2 {

/// The body of one message of ours, which comes in pieces that stay where they are until they are in frames.
///
/// Threading: one worker.
class OutgoingBody {
public:
    /// The next piece. True when nghttp2 has asked for it before and has to be told.
    [[nodiscard]] bool put(std::string_view data, bool is_last, std::string_view trailers);

    /// Copies what there is room for; nullopt when there is no piece now. What the peer lets us send is worth points.
    [[nodiscard]] std::optional<std::size_t> take(std::span<std::uint8_t> space, FloodGuard& guard);
    /// The piece has not been taken to its end.
    [[nodiscard]] bool has_piece() const { return has_piece_; }
    /// What is left of it.
    [[nodiscard]] std::size_t left_bytes() const { return has_piece_ ? data_.size() : 0; }
    /// Of the stream's window.
    [[nodiscard]] WindowCredit& credit() { return credit_; }
    /// The piece is the last.
    [[nodiscard]] bool is_last() const { return is_last_; }
    /// What has not been taken is the end alone, so that nothing of the owner's is needed any more.
    [[nodiscard]] bool is_ending() const { return is_last_ && has_piece_ && data_.empty(); }
    /// The last piece has been taken.
    [[nodiscard]] bool is_over() const { return is_last_ && !has_piece_; }
    /// Sends the trailers behind the last piece; yields the flags of nghttp2 with it.
    [[nodiscard]] std::uint32_t end(nghttp2_session* session, StreamId stream, MessageFields& fields) const;

private:
    std::string_view data_;
    std::string trailers_;
    WindowCredit credit_;
    bool is_last_ = false;
    /// nghttp2 asked for more than there was.
    bool is_deferred_ = false;
    bool has_piece_ = false;
};

}  // namespace sluice::http2
