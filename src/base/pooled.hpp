#pragma once

#include <memory>
#include <utility>

#include "base/memory_pool.hpp"

namespace sluice {

/// What most owners of it do without: used as a std::optional is, and no larger than a pointer as long as it is empty. The object stands in
/// the thread's pooled memory.
///
/// Threading: it is emptied on the thread that filled it.
template <typename T>
class Pooled {
public:
    Pooled() = default;
    Pooled(const Pooled&) = delete;
    Pooled& operator=(const Pooled&) = delete;
    ~Pooled() { reset(); }

    /// In the place of what was there. Failure: what the constructor throws; then it is empty.
    template <typename... Arguments>
    T& emplace(Arguments&&... arguments) {
        static_assert(alignof(T) <= alignof(void*), "pooled memory is aligned for pointers");
        reset();
        void* const memory = take_memory(sizeof(T));
        try {
            object_ = std::construct_at(static_cast<T*>(memory), std::forward<Arguments>(arguments)...);
        } catch (...) {
            give_memory(memory, sizeof(T));
            throw;
        }
        return *object_;
    }

    void reset() noexcept {
        T* const object = std::exchange(object_, nullptr);
        if (object == nullptr) return;
        std::destroy_at(object);
        give_memory(object, sizeof(T));
    }

    [[nodiscard]] explicit operator bool() const noexcept { return object_ != nullptr; }
    [[nodiscard]] T& operator*() const noexcept { return *object_; }
    [[nodiscard]] T* operator->() const noexcept { return object_; }

private:
    T* object_ = nullptr;
};

}  // namespace sluice
