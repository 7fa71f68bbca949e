#pragma once

#include <cstddef>

namespace sluice::net {

/// Memory for coroutine frames: free lists by size, one set per thread, so that a warm worker starts
/// and ends coroutines without the allocator.
///
/// Threading: a frame is given back on the thread that took it; coroutines never change threads.
void* allocate_frame(std::size_t size_bytes);
void free_frame(void* frame, std::size_t size_bytes) noexcept;

}  // namespace sluice::net
