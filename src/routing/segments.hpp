#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "routing/hash.hpp"
#include "routing/slash_bits.hpp"

namespace sluice::routing {

/// A segment of a path as two words: its first eight bytes and its last eight, the same word when
/// it is no longer than that. With the size they are the whole segment up to sixteen bytes.
struct SegmentWords {
    std::uint64_t head = 0;
    std::uint64_t tail = 0;
    std::uint32_t size = 0;

    /// Even in its upper half.
    [[nodiscard]] std::uint64_t hash() const noexcept {
        return (head ^ std::rotl(tail, 7)) * hash_key_b;
    }
};

/// Steps through the segments of one path, beginning behind its first slash. Written without
/// branches that depend on the lengths of segments, because those are what a processor guesses
/// wrong.
///
/// Lifetime: a view of the path, which is not empty; reads nothing outside of it.
class SegmentCursor {
public:
    explicit SegmentCursor(std::string_view path) noexcept
        : data_(path.data()), size_(path.size()), first_(load_first()) {
        go_to(1);
    }

    /// A whole text as one segment.
    [[nodiscard]] static SegmentWords read_alone(std::string_view text) noexcept {
        SegmentCursor cursor(text);
        cursor.position_ = 0;
        cursor.end_ = text.size();
        return cursor.read();
    }

    /// Where the segment begins.
    [[nodiscard]] std::size_t position() const noexcept { return position_; }
    /// Its last byte is followed by a slash or the end of the path.
    [[nodiscard]] std::size_t end() const noexcept { return end_; }
    [[nodiscard]] std::size_t segment_size() const noexcept { return end_ - position_; }
    /// The last segment has been left.
    [[nodiscard]] bool is_done() const noexcept { return position_ > size_; }

    [[nodiscard]] SegmentWords read() const noexcept {
        const std::size_t size = end_ - position_;
        if (size == 0) [[unlikely]]
            return {};
        const std::size_t short_size = std::min<std::size_t>(size, 8);
        const std::size_t unwanted = 64 - 8 * short_size;
        return {word_before(position_ + short_size) >> unwanted, word_before(end_) >> unwanted,
                static_cast<std::uint32_t>(size)};
    }

    /// On to the next segment; behind the end after the last.
    void advance() noexcept {
        position_ = end_ + 1;
        slashes_ &= slashes_ - 1;
        find_end();
    }

    /// Forward to the segment that begins at `position`, behind a slash.
    void skip_to(std::size_t position) noexcept {
        if (position >= block_ + 64) [[unlikely]]
            return go_to(position);
        position_ = position;
        if (position > block_) slashes_ &= ~std::uint64_t{0} << (position - block_);
        find_end();
    }

    /// Forward or back to the segment that begins at `position`, behind a slash.
    void go_to(std::size_t position) noexcept {
        position_ = position;
        block_ = position / 64 * 64;
        slashes_ =
            block_ < size_ ? slash_bits_of(data_ + block_, size_ - block_, word_before_end()) : 0;
        slashes_ &= ~std::uint64_t{0} << (position % 64);
        find_end();
    }

private:
    void find_end() noexcept {
        while (slashes_ == 0) {
            if (block_ + 64 >= size_) {
                end_ = size_;
                return;
            }
            block_ += 64;
            slashes_ = slash_bits_of(data_ + block_, size_ - block_, word_before_end());
        }
        end_ = block_ + static_cast<std::size_t>(std::countr_zero(slashes_));
    }

    /// The eight bytes that end before `end`, the last one highest; zeros stand for bytes before
    /// the path.
    [[nodiscard]] std::uint64_t word_before(std::size_t end) const noexcept {
        if (end >= 8) [[likely]]
            return load_word(data_ + end - 8);
        return first_ << (64 - 8 * end);
    }
    [[nodiscard]] std::uint64_t word_before_end() const noexcept { return word_before(size_); }

    [[nodiscard]] std::uint64_t load_first() const noexcept {
        if (size_ >= 8) [[likely]]
            return load_word(data_);
        std::uint64_t word = 0;
        for (std::size_t i = size_; i-- > 0;)
            word = word << 8U | static_cast<unsigned char>(data_[i]);
        return word;
    }

    const char* data_;
    std::size_t size_;
    /// The first eight bytes, or all of a shorter path.
    std::uint64_t first_;
    std::size_t position_ = 1;
    std::size_t end_ = 0;
    /// The block of 64 bytes that is looked at, and a bit for each slash in it that is still ahead.
    std::size_t block_ = 0;
    std::uint64_t slashes_ = 0;
};

}  // namespace sluice::routing
