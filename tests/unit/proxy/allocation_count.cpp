#include "unit/proxy/allocation_count.hpp"

#include <cstddef>
#include <cstdlib>
#include <new>

namespace sluice::test {
namespace {

thread_local bool counting = false;
thread_local std::uint64_t allocations = 0;

void count() {
    if (counting) ++allocations;
}

void* allocate(std::size_t size) {
    count();
    if (void* const memory = std::malloc(size == 0 ? 1 : size)) return memory;
    std::abort();
}

}  // namespace

void start_counting_allocations() {
    allocations = 0;
    counting = true;
}

std::uint64_t stop_counting_allocations() {
    counting = false;
    return allocations;
}

}  // namespace sluice::test

extern "C" {
void* __real_aligned_alloc(std::size_t alignment, std::size_t size);
void* __wrap_aligned_alloc(std::size_t alignment, std::size_t size);
void* __wrap_aligned_alloc(std::size_t alignment, std::size_t size) {
    sluice::test::count();
    return __real_aligned_alloc(alignment, size);
}
}

void* operator new(std::size_t size) { return sluice::test::allocate(size); }
void* operator new[](std::size_t size) { return sluice::test::allocate(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    return sluice::test::allocate(size);
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
    return sluice::test::allocate(size);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
