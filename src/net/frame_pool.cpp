#include "net/frame_pool.hpp"

#include <new>

namespace sluice::net {
namespace {

thread_local FramePool* pool = nullptr;

}  // namespace

FramePool::FramePool() { pool = this; }

FramePool::~FramePool() {
    pool = nullptr;
    for (FreeFrame*& head : lists_) {
        while (head != nullptr) {
            FreeFrame* const frame = head;
            head = frame->next;
            ::operator delete(frame);
        }
    }
}

void* allocate_frame(std::size_t size_bytes) {
    if (size_bytes > FramePool::largest_bytes) return ::operator new(size_bytes);
    const std::size_t size_class = (size_bytes + FramePool::step_bytes - 1) / FramePool::step_bytes;
    // Of the size of its list also where there is none: it may come into one later.
    if (pool == nullptr || pool->lists_[size_class] == nullptr) return ::operator new(size_class * FramePool::step_bytes);
    FramePool::FreeFrame*& head = pool->lists_[size_class];
    FramePool::FreeFrame* const frame = head;
    head = frame->next;
    return frame;
}

void free_frame(void* frame, std::size_t size_bytes) noexcept {
    if (pool == nullptr || size_bytes > FramePool::largest_bytes) {
        ::operator delete(frame);
        return;
    }
    FramePool::FreeFrame*& head = pool->lists_[(size_bytes + FramePool::step_bytes - 1) / FramePool::step_bytes];
    head = new (frame) FramePool::FreeFrame{head};
}

}  // namespace sluice::net
