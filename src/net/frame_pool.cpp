#include "net/frame_pool.hpp"

#include <array>
#include <new>

namespace sluice::net {
namespace {

constexpr std::size_t step_bytes = 64;
constexpr std::size_t largest_bytes = 4096;

struct FreeFrame {
    FreeFrame* next;
};

struct FramePool {
    std::array<FreeFrame*, largest_bytes / step_bytes + 1> lists{};

    ~FramePool() {
        for (FreeFrame*& head : lists) {
            while (head != nullptr) {
                FreeFrame* const frame = head;
                head = frame->next;
                ::operator delete(frame);
            }
        }
    }
};

thread_local FramePool pool;

constexpr std::size_t size_class(std::size_t size_bytes) {
    return (size_bytes + step_bytes - 1) / step_bytes;
}

}  // namespace

void* allocate_frame(std::size_t size_bytes) {
    if (size_bytes > largest_bytes) return ::operator new(size_bytes);
    FreeFrame*& head = pool.lists[size_class(size_bytes)];
    if (head == nullptr) return ::operator new(size_class(size_bytes) * step_bytes);
    FreeFrame* const frame = head;
    head = frame->next;
    return frame;
}

void free_frame(void* frame, std::size_t size_bytes) noexcept {
    if (size_bytes > largest_bytes) {
        ::operator delete(frame);
        return;
    }
    FreeFrame*& head = pool.lists[size_class(size_bytes)];
    head = new (frame) FreeFrame{head};
}

}  // namespace sluice::net
