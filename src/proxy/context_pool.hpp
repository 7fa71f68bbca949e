#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <vector>

#include "proxy/request_context.hpp"

namespace sluice::proxy {

/// Keeps request contexts for reuse, so that a request costs no allocation once a worker is warm.
///
/// Contexts are made in slabs as they are needed, up to the capacity. Above it a request is never
/// refused: an overflow context is allocated, counted, and freed when it comes back.
///
/// Threading: owned by one worker; holds no lock.
/// Lifetime:  every context must come back before the pool ends.
class ContextPool {
public:
    static constexpr std::size_t default_capacity = 1000;
    static constexpr std::size_t slab_size = 64;

    explicit ContextPool(std::size_t capacity = default_capacity,
                         const StateLayout* layout = nullptr)
        : capacity_(capacity), layout_(layout) {}
    ContextPool(const ContextPool&) = delete;
    ContextPool& operator=(const ContextPool&) = delete;
    ~ContextPool();

    /// A context as reset() leaves it.
    [[nodiscard]] RequestContext& acquire() {
        if (free_ == nullptr) return acquire_new();
        ++hits_;
        RequestContext& context = *free_;
        free_ = context.next_free_;
        return context;
    }

    /// Gives a context back; resets it, which destroys the filters' states at once.
    void release(RequestContext& context) noexcept {
        if (!context.pooled_) return free_overflow(context);
        context.reset();
        context.next_free_ = free_;
        free_ = &context;
    }

    struct Return {
        ContextPool* pool;
        void operator()(RequestContext* context) const noexcept { pool->release(*context); }
    };
    using Lease = std::unique_ptr<RequestContext, Return>;
    /// A context that comes back by itself, on every way out of a coroutine.
    [[nodiscard]] Lease lease() { return Lease(&acquire(), Return{this}); }

    [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
    /// Contexts beyond a smaller one stay; no more are made.
    void set_capacity(std::size_t capacity) noexcept { capacity_ = capacity; }
    /// Acquired without any allocation.
    [[nodiscard]] std::uint64_t hits() const noexcept { return hits_; }
    /// Acquired by an allocation: of a slab, or of an overflow context.
    [[nodiscard]] std::uint64_t misses() const noexcept { return slabs_.size() + overflows_; }
    /// The misses above the capacity.
    [[nodiscard]] std::uint64_t overflows() const noexcept { return overflows_; }
    /// From 0 to 1; 1 before the first request.
    [[nodiscard]] double hit_rate() const noexcept;
    /// What slabs take, without the state blocks that filters asked for.
    [[nodiscard]] std::size_t memory_bytes() const noexcept;

private:
    /// Memory for slab_size contexts, all of them constructed together.
    class Slab {
    public:
        Slab(std::size_t size, const StateLayout* layout);
        Slab(Slab&& other) noexcept : contexts_(other.contexts_), size_(other.size_) {
            other.size_ = 0;
        }
        Slab(const Slab&) = delete;
        Slab& operator=(const Slab&) = delete;
        ~Slab();
        [[nodiscard]] RequestContext& operator[](std::size_t i) const { return contexts_[i]; }
        [[nodiscard]] std::size_t size() const { return size_; }

    private:
        RequestContext* contexts_;
        std::size_t size_;
    };

    RequestContext& acquire_new();
    /// Defined apart from the pool: inlined, GCC 12 takes a pooled context for one that was allocated
    /// and warns of freeing it.
    static void free_overflow(RequestContext& context) noexcept;

    RequestContext* free_ = nullptr;
    std::uint64_t hits_ = 0;
    std::size_t made_ = 0;
    std::size_t capacity_;
    const StateLayout* layout_;
    std::uint64_t overflows_ = 0;
    std::vector<Slab> slabs_;
};

inline ContextPool::Slab::Slab(std::size_t size, const StateLayout* layout)
    : contexts_(static_cast<RequestContext*>(::operator new(size * sizeof(RequestContext)))),
      size_(size) {
    for (std::size_t i = 0; i < size; ++i)
        ::new (static_cast<void*>(contexts_ + i)) RequestContext(layout);
}

inline ContextPool::Slab::~Slab() {
    if (size_ == 0) return;
    std::destroy_n(contexts_, size_);
    ::operator delete(contexts_);
}

inline ContextPool::~ContextPool() = default;

inline RequestContext& ContextPool::acquire_new() {
    if (made_ >= capacity_) {
        ++overflows_;
        return *new RequestContext(layout_);
    }
    const Slab& slab = slabs_.emplace_back(std::min(slab_size, capacity_ - made_), layout_);
    made_ += slab.size();
    for (std::size_t i = slab.size(); i-- > 1;) {
        slab[i].pooled_ = true;
        slab[i].next_free_ = free_;
        free_ = &slab[i];
    }
    slab[0].pooled_ = true;
    return slab[0];
}

inline double ContextPool::hit_rate() const noexcept {
    const std::uint64_t total = hits_ + misses();
    return total == 0 ? 1.0 : static_cast<double>(hits_) / static_cast<double>(total);
}

inline std::size_t ContextPool::memory_bytes() const noexcept {
    return made_ * sizeof(RequestContext) + slabs_.capacity() * sizeof(Slab);
}

}  // namespace sluice::proxy
