#pragma once

#include <cstddef>

namespace sluice::net {

/// Memory for coroutine frames: free lists by size, so that a warm worker starts and ends coroutines without the
/// allocator.
///
/// Threading: a frame is given back on the thread that took it; coroutines never change threads.
void* allocate_frame(std::size_t size_bytes);
void free_frame(void* frame, std::size_t size_bytes) noexcept;

/// While it lives, the thread that made it has such lists; without it frames come from the allocator and go back there. A
/// destructor of the thread's own variables could not do this: with MinGW their memory is gone by the time it runs.
class FramePool {
public:
    FramePool();
    FramePool(const FramePool&) = delete;
    FramePool& operator=(const FramePool&) = delete;
    ~FramePool();

private:
    friend void* allocate_frame(std::size_t size_bytes);
    friend void free_frame(void* frame, std::size_t size_bytes) noexcept;

    static constexpr std::size_t step_bytes = 64;
    static constexpr std::size_t largest_bytes = 4096;

    struct FreeFrame {
        FreeFrame* next;
    };
    FreeFrame* lists_[largest_bytes / step_bytes + 1]{};
};

}  // namespace sluice::net
