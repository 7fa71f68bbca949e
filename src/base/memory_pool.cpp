#include "base/memory_pool.hpp"

#include <new>

namespace sluice {
namespace {

thread_local MemoryPool* pool = nullptr;

}  // namespace

MemoryPool::MemoryPool() { pool = this; }

MemoryPool::~MemoryPool() {
    pool = nullptr;
    for (FreeBlock*& head : lists_) {
        while (head != nullptr) {
            FreeBlock* const block = head;
            head = block->next;
            ::operator delete(block);
        }
    }
}

void* take_memory(std::size_t size_bytes) {
    if (size_bytes > MemoryPool::largest_bytes) return ::operator new(size_bytes);
    const std::size_t size_class = (size_bytes + MemoryPool::step_bytes - 1) / MemoryPool::step_bytes;
    // Of the size of its list also where there is none: it may come into one later.
    if (pool == nullptr || pool->lists_[size_class] == nullptr) return ::operator new(size_class * MemoryPool::step_bytes);
    MemoryPool::FreeBlock*& head = pool->lists_[size_class];
    MemoryPool::FreeBlock* const block = head;
    head = block->next;
    return block;
}

void give_memory(void* memory, std::size_t size_bytes) noexcept {
    if (pool == nullptr || size_bytes > MemoryPool::largest_bytes) {
        ::operator delete(memory);
        return;
    }
    MemoryPool::FreeBlock*& head = pool->lists_[(size_bytes + MemoryPool::step_bytes - 1) / MemoryPool::step_bytes];
    head = new (memory) MemoryPool::FreeBlock{head};
}

}  // namespace sluice
