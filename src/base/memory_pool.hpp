#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace sluice {

/// Memory for what every request takes and gives back, such as the frames of its coroutines: free lists by size, so that a warm worker
/// needs no allocator. What was given back last is taken first: it is in the processor's caches. More than 4 KiB comes from the allocator.
///
/// Threading: it is given back on the thread that took it.
[[nodiscard]] void* take_memory(std::size_t size_bytes);
void give_memory(void* memory, std::size_t size_bytes) noexcept;

/// While it lives, the thread that made it has such lists; without it memory comes from the allocator and goes back there. A
/// destructor of the thread's own variables could not do this: with MinGW their memory is gone by the time it runs.
class MemoryPool {
public:
    MemoryPool();
    MemoryPool(const MemoryPool&) = delete;
    MemoryPool& operator=(const MemoryPool&) = delete;
    ~MemoryPool();

    /// What a list of blocks of one size keeps at most; more goes back to the allocator.
    static constexpr std::size_t most_kept_bytes = std::size_t{4} * 1024 * 1024;
    /// What all lists keep now.
    [[nodiscard]] std::size_t kept_bytes() const {
        std::size_t bytes = 0;
        for (const List& list : lists_) bytes += list.kept_bytes;
        return bytes;
    }

private:
    friend void* take_memory(std::size_t size_bytes);
    friend void give_memory(void* memory, std::size_t size_bytes) noexcept;

    static constexpr std::size_t step_bytes = 32;
#ifdef SLUICE_UNPOOLED
    static constexpr std::size_t largest_bytes = 0;
#else
    static constexpr std::size_t largest_bytes = 4096;
#endif
    struct FreeBlock {
        FreeBlock* next;
    };
    struct List {
        FreeBlock* first = nullptr;
        std::size_t kept_bytes = 0;
    };
    /// What glibc's allocator puts before each block (others have other sizes): with it blocks are whole steps, and nothing is wasted between them.
    static constexpr std::size_t head_bytes = 8;
    /// Where blocks of that size are. A block of nothing has room for the list's pointer too.
    [[nodiscard]] static constexpr std::size_t list_of(std::size_t size_bytes) { return (size_bytes + head_bytes - 1) / step_bytes; }
    /// Of all blocks of a list.
    [[nodiscard]] static constexpr std::size_t block_bytes(std::size_t list) { return (list + 1) * step_bytes - head_bytes; }

    List lists_[(largest_bytes + head_bytes - 1) / step_bytes + 1];
};

/// For containers whose nodes come and go with every request.
template <typename T>
struct PooledAllocator {
    using value_type = T;

    PooledAllocator() = default;
    template <typename Other>
    PooledAllocator(const PooledAllocator<Other>&) noexcept {}

    [[nodiscard]] T* allocate(std::size_t count) { return static_cast<T*>(take_memory(count * sizeof(T))); }
    void deallocate(T* memory, std::size_t count) noexcept { give_memory(memory, count * sizeof(T)); }

    template <typename Other>
    bool operator==(const PooledAllocator<Other>&) const noexcept {
        return true;
    }
};

template <typename Key, typename Value>
using PooledMap = std::unordered_map<Key, Value, std::hash<Key>, std::equal_to<Key>, PooledAllocator<std::pair<const Key, Value>>>;
template <typename T>
using PooledVector = std::vector<T, PooledAllocator<T>>;
template <typename T>
using PooledList = std::list<T, PooledAllocator<T>>;
using PooledString = std::basic_string<char, std::char_traits<char>, PooledAllocator<char>>;

}  // namespace sluice
