#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

namespace sluice::net {

class BufferPool;

/// A block of memory on loan from a worker's pool; goes back when it is destroyed.
///
/// Threading: the pool's worker.
/// Lifetime:  the pool outlives it.
class Buffer {
public:
    Buffer() = default;
    Buffer(Buffer&& other) noexcept
        : pool_(other.pool_), data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
    Buffer& operator=(Buffer&& other) noexcept {
        if (this != &other) {
            release();
            pool_ = other.pool_;
            data_ = std::exchange(other.data_, nullptr);
            size_ = std::exchange(other.size_, 0);
        }
        return *this;
    }
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;
    ~Buffer() { release(); }

    void release();

    [[nodiscard]] char* data() const { return data_; }
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] explicit operator bool() const { return data_ != nullptr; }
    [[nodiscard]] std::span<char> from(std::size_t offset) const { return {data_ + offset, size_ - offset}; }

private:
    friend class BufferPool;
    Buffer(BufferPool* pool, char* data, std::size_t size) : pool_(pool), data_(data), size_(size) {}

    BufferPool* pool_ = nullptr;
    char* data_ = nullptr;
    std::size_t size_ = 0;
};

/// Blocks of 1 KiB, 2 KiB, ... 1 MiB, kept for reuse up to a bound per size. Steady state takes no allocator call. What was given back last
/// is lent first: its memory is in the processor's caches.
///
/// Threading: one worker.
class BufferPool {
public:
    static constexpr std::size_t smallest_bytes = 1024;
    static constexpr std::size_t classes = 11;
    static constexpr std::size_t largest_bytes = smallest_bytes << (classes - 1);
    /// What one read of a socket takes, as long as nothing is known of how much comes.
    static constexpr std::size_t read_bytes = std::size_t{16} * 1024;

    BufferPool() = default;
    BufferPool(const BufferPool&) = delete;
    BufferPool& operator=(const BufferPool&) = delete;
    ~BufferPool();

    /// At least `size_bytes` (at most largest_bytes) of uninitialised memory.
    [[nodiscard]] Buffer take(std::size_t size_bytes = read_bytes);

    /// Free memory kept per size class; more is returned to the system.
    static constexpr std::size_t kept_bytes = std::size_t{4} * 1024 * 1024;

    [[nodiscard]] std::size_t lent_bytes() const { return lent_bytes_; }

private:
    friend class Buffer;
    struct FreeBlock {
        FreeBlock* next;
    };
    struct Class {
        FreeBlock* free = nullptr;
        std::size_t free_count = 0;
    };

    void give_back(char* data, std::size_t size);

    std::array<Class, classes> classes_{};
    std::size_t lent_bytes_ = 0;
};

inline void Buffer::release() {
    if (data_ == nullptr) return;
    pool_->give_back(data_, size_);
    data_ = nullptr;
    size_ = 0;
}

}  // namespace sluice::net
