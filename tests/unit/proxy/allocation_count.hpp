#pragma once

#include <cstdint>

/// Heap allocations of the calling thread. The program that links allocation_count.cpp replaces operator new, and has the
/// linker send the C allocation calls of all linked code here (--wrap).
namespace sluice::test {

void start_counting_allocations();
[[nodiscard]] std::uint64_t stop_counting_allocations();

}  // namespace sluice::test
