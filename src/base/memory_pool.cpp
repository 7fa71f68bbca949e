#include "base/memory_pool.hpp"

#include <new>

namespace sluice {
namespace {

thread_local MemoryPool* pool = nullptr;

/// Who takes a block reads its link and writes its beginning at once, and with hundreds of requests under way it has left the
/// processor's caches since it was used. So it is asked for when the one before it is taken. More than two lines cost more than they gain.
void fetch_ahead(const void* next_block) {
    if (next_block == nullptr) return;
    constexpr std::size_t line_bytes = 64;
    __builtin_prefetch(next_block, 1);
    __builtin_prefetch(static_cast<const char*>(next_block) + line_bytes, 1);
}

}  // namespace

MemoryPool::MemoryPool() { pool = this; }

MemoryPool::~MemoryPool() {
    pool = nullptr;
    for (List& list : lists_) {
        while (list.first != nullptr) {
            FreeBlock* const block = list.first;
            list.first = block->next;
            ::operator delete(block);
        }
    }
}

void* take_memory(std::size_t size_bytes) {
    if (size_bytes > MemoryPool::largest_bytes) return ::operator new(size_bytes);
    const std::size_t list = MemoryPool::list_of(size_bytes);
    const std::size_t block_bytes = MemoryPool::block_bytes(list);
    // Of the size of its list also where there is none: it may come into one later.
    if (pool == nullptr || pool->lists_[list].first == nullptr) return ::operator new(block_bytes);
    MemoryPool::List& free = pool->lists_[list];
    MemoryPool::FreeBlock* const block = free.first;
    free.first = block->next;
    fetch_ahead(free.first);
    free.kept_bytes -= block_bytes;
    return block;
}

void give_memory(void* memory, std::size_t size_bytes) noexcept {
    if (pool == nullptr || size_bytes > MemoryPool::largest_bytes) {
        ::operator delete(memory);
        return;
    }
    const std::size_t list = MemoryPool::list_of(size_bytes);
    MemoryPool::List& free = pool->lists_[list];
    if (free.kept_bytes >= MemoryPool::most_kept_bytes) {
        ::operator delete(memory);
        return;
    }
    free.first = new (memory) MemoryPool::FreeBlock{free.first};
    free.kept_bytes += MemoryPool::block_bytes(list);
}

}  // namespace sluice
