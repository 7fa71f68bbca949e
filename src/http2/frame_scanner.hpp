#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::http2 {

/// The fixed part of a frame (RFC 9113, 4.1), without its stream.
struct FrameHead {
    std::uint32_t length = 0;
    std::uint8_t type = 0;
    std::uint8_t flags = 0;
};

/// Sees every frame of a peer in what has come, also those that nghttp2 drops without a word: unknown ones, and those of streams
/// that are over.
///
/// Threading: one worker.
class FrameScanner {
public:
    /// "PRI * HTTP/2.0", two lines, "SM", two lines: what comes before a client's frames, and not before a server's.
    static constexpr std::size_t client_preface_bytes = 24;

    explicit FrameScanner(std::size_t preface_bytes = client_preface_bytes) : skip_(preface_bytes) {}

    /// Calls `each` with the head of every frame that begins in these bytes.
    template <typename Each>
    void scan(std::string_view bytes, Each each) {
        while (!bytes.empty()) {
            const std::size_t skipped = std::min(skip_, bytes.size());
            skip_ -= skipped;
            bytes.remove_prefix(skipped);
            while (!bytes.empty() && have_ != head_.size()) {
                head_[have_++] = static_cast<unsigned char>(bytes.front());
                bytes.remove_prefix(1);
            }
            if (have_ == head_.size()) each(begin_frame());
        }
    }

    /// A block of fields has begun and is not whole.
    [[nodiscard]] bool is_in_block() const { return block_goes_on_ || (is_block_ && skip_ != 0); }
    /// Bytes of the last block so far, as its frames tell them.
    [[nodiscard]] std::size_t block_bytes() const { return block_bytes_; }

    static constexpr std::uint8_t headers = 1;
    static constexpr std::uint8_t continuation = 9;

private:
    FrameHead begin_frame() {
        const FrameHead frame{(std::uint32_t{head_[0]} << 16) | (std::uint32_t{head_[1]} << 8) | head_[2], head_[3], head_[4]};
        have_ = 0;
        skip_ = frame.length;
        is_block_ = frame.type == headers || frame.type == continuation;
        if (frame.type == headers) block_bytes_ = 0;
        if (is_block_) {
            block_bytes_ += frame.length;
            block_goes_on_ = (frame.flags & end_of_block) == 0;
        }
        return frame;
    }

    static constexpr std::uint8_t end_of_block = 4;

    std::size_t skip_;
    std::array<unsigned char, 9> head_{};
    std::size_t have_ = 0;
    std::size_t block_bytes_ = 0;
    bool is_block_ = false;
    bool block_goes_on_ = false;
};

}  // namespace sluice::http2
