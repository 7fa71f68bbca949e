#include "net/buffer_pool.hpp"

#include <bit>
#include <new>

#ifdef SLUICE_UNPOOLED
#include <sanitizer/asan_interface.h>
#endif

namespace sluice::net {
namespace {

/// The address sanitizer takes a block that nobody has been lent for freed.
void forbid([[maybe_unused]] const void* block, [[maybe_unused]] std::size_t size_bytes) {
#ifdef SLUICE_UNPOOLED
    ASAN_POISON_MEMORY_REGION(block, size_bytes);
#endif
}

void allow([[maybe_unused]] const void* block, [[maybe_unused]] std::size_t size_bytes) {
#ifdef SLUICE_UNPOOLED
    ASAN_UNPOISON_MEMORY_REGION(block, size_bytes);
#endif
}

std::size_t class_of(std::size_t size_bytes) {
    if (size_bytes <= BufferPool::smallest_bytes) return 0;
    const auto width = std::bit_width((size_bytes - 1) / BufferPool::smallest_bytes);
    return static_cast<std::size_t>(width) < BufferPool::classes ? static_cast<std::size_t>(width)
                                                                  : BufferPool::classes - 1;
}

}  // namespace

BufferPool::~BufferPool() {
    for (std::size_t i = 0; i < classes; ++i) {
        Class& size_class = classes_[i];
        while (size_class.free != nullptr) {
            FreeBlock* const block = size_class.free;
            allow(block, smallest_bytes << i);
            size_class.free = block->next;
            ::operator delete(block);
        }
    }
}

Buffer BufferPool::take(std::size_t size_bytes) {
    const std::size_t index = class_of(size_bytes);
    const std::size_t size = smallest_bytes << index;
    Class& size_class = classes_[index];
    lent_bytes_ += size;
    if (size_class.free == nullptr) return {this, static_cast<char*>(::operator new(size)), size};
    FreeBlock* const block = size_class.free;
    allow(block, size);
    size_class.free = block->next;
    --size_class.free_count;
    return {this, reinterpret_cast<char*>(block), size};
}

void BufferPool::give_back(char* data, std::size_t size) {
    lent_bytes_ -= size;
    Class& size_class = classes_[class_of(size)];
    if ((size_class.free_count + 1) * size > kept_bytes) {
        ::operator delete(data);
        return;
    }
    size_class.free = new (data) FreeBlock{size_class.free};
    ++size_class.free_count;
    forbid(data, size);
}

}  // namespace sluice::net
