#pragma once

#include <cstddef>
#include <new>

namespace sluice::platform {

/// Memory for one pending operation of Asio, inside the object that waits for it: a wait costs no allocation.
class OperationMemory {
public:
    OperationMemory() = default;
    OperationMemory(const OperationMemory&) = delete;
    OperationMemory& operator=(const OperationMemory&) = delete;

    void* take(std::size_t size) {
        if (is_taken_ || size > sizeof(storage_)) return ::operator new(size);
        is_taken_ = true;
        return storage_;
    }
    void give_back(void* memory) {
        if (memory == storage_) {
            is_taken_ = false;
        } else {
            ::operator delete(memory);
        }
    }

private:
    alignas(std::max_align_t) std::byte storage_[192];
    bool is_taken_ = false;
};

/// The allocator that a handler names so that Asio uses its OperationMemory.
template <typename T>
class OperationAllocator {
public:
    using value_type = T;
    explicit OperationAllocator(OperationMemory& memory) : memory_(&memory) {}
    template <typename U>
    OperationAllocator(const OperationAllocator<U>& other) : memory_(other.memory_) {}

    T* allocate(std::size_t count) { return static_cast<T*>(memory_->take(sizeof(T) * count)); }
    void deallocate(T* memory, std::size_t) { memory_->give_back(memory); }

    template <typename U>
    bool operator==(const OperationAllocator<U>& other) const {
        return memory_ == other.memory_;
    }

private:
    template <typename U>
    friend class OperationAllocator;
    OperationMemory* memory_;
};

}  // namespace sluice::platform
