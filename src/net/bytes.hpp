#pragma once

#include <cstddef>
#include <string_view>
#include <utility>

#include "net/buffer_pool.hpp"

namespace sluice::net {

/// Bytes that collect until somebody uses them, one after the other in a block of a worker's pool. Without any it holds no block.
///
/// Threading: the pool's worker.
/// Lifetime:  the pool outlives it. What `view` shows is there until the next change.
/// Failure:   more than BufferPool::largest_bytes is std::length_error: who collects has a bound of their own.
class Bytes {
public:
    Bytes() = default;
    Bytes(Bytes&& other) noexcept : buffer_(std::move(other.buffer_)), size_(std::exchange(other.size_, 0)) {}
    Bytes& operator=(Bytes&& other) noexcept {
        buffer_ = std::move(other.buffer_);
        size_ = std::exchange(other.size_, 0);
        return *this;
    }

    void append(BufferPool& pool, std::string_view data);
    void clear() {
        buffer_.release();
        size_ = 0;
    }

    [[nodiscard]] std::string_view view() const { return {buffer_.data(), size_}; }
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool empty() const { return size_ == 0; }

private:
    Buffer buffer_;
    std::size_t size_ = 0;
};

}  // namespace sluice::net
