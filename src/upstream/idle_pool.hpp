#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/clock.hpp"

namespace sluice::upstream {

/// The base of a connection that an IdlePool can keep: its place in the list of its endpoint.
class IdleHook {
public:
    IdleHook() = default;
    IdleHook(const IdleHook&) = delete;
    IdleHook& operator=(const IdleHook&) = delete;

    [[nodiscard]] bool is_idle() const { return pooled_; }

protected:
    ~IdleHook() = default;

private:
    template <typename Connection, typename Close>
    friend class IdlePool;

    IdleHook* newer_ = nullptr;
    IdleHook* older_ = nullptr;
    TimePoint idle_since_{};
    std::uint32_t endpoint_ = 0;
    bool pooled_ = false;
};

/// What an endpoint's idle connections are held to.
struct IdleLimits {
    std::size_t max_idle = 0;
    /// Longer ones are closed: their upstream has probably left, or is about to.
    Duration idle_limit{};
};

/// Keeps idle upstream connections for reuse, newest first, bounded per endpoint. The lists run
/// through the connections, so nothing is allocated and any connection leaves in constant time.
///
/// Threading: owned by one worker; holds no lock.
/// Lifetime:  Connection derives from IdleHook. The pool holds pointers: an acquired or removed one
///            belongs to the caller, the others belong to the pool, which ends them by calling
///            `close(Connection&)`, in its destructor too. `close` finds the connection out of the
///            pool.
/// Failure:   never fails; an empty pool yields nullptr and the caller dials.
template <typename Connection, typename Close>
class IdlePool {
public:
    explicit IdlePool(Close close) : close_(std::move(close)) {}
    IdlePool(const IdlePool&) = delete;
    IdlePool& operator=(const IdlePool&) = delete;
    ~IdlePool() { close_all(); }

    /// Endpoints count from 0 in the order that they are added.
    void add_endpoint(const IdleLimits& limits) { lists_.push_back({limits, {}, {}, 0}); }

    /// Connections beyond a smaller quota are closed as they come back, or grow stale.
    void set_limits(std::uint32_t endpoint, const IdleLimits& limits) { lists_[endpoint].limits = limits; }

    /// Takes the newest connection idle for less than the limit. When that one is stale all are,
    /// and all are closed.
    [[nodiscard]] Connection* acquire(std::uint32_t endpoint, TimePoint now) {
        List& list = lists_[endpoint];
        IdleHook* const newest = list.newest;
        if (newest == nullptr) return nullptr;
        if (is_stale(list, *newest, now)) {
            close_list(list);
            return nullptr;
        }
        unlink(*newest);
        return static_cast<Connection*>(newest);
    }

    /// Offers a connection; closes it instead when the endpoint's quota is full. True when it was
    /// kept.
    bool release(std::uint32_t endpoint, Connection& connection, TimePoint now) {
        List& list = lists_[endpoint];
        if (list.size >= list.limits.max_idle) {
            close_(connection);
            return false;
        }
        IdleHook& hook = connection;
        hook.idle_since_ = now;
        hook.endpoint_ = endpoint;
        hook.pooled_ = true;
        hook.newer_ = nullptr;
        hook.older_ = list.newest;
        (list.newest == nullptr ? list.oldest : list.newest->newer_) = &hook;
        list.newest = &hook;
        ++list.size;
        ++size_;
        return true;
    }

    /// Takes a connection out at once, because its upstream closed it or spoke unasked. False when
    /// it is not in the pool.
    bool remove(Connection& connection) {
        IdleHook& hook = connection;
        if (!hook.pooled_) return false;
        unlink(hook);
        return true;
    }

    /// The sweep: closes what has been idle for the limit. Costs a look per endpoint and what it
    /// closes.
    void close_idle_since(TimePoint now) {
        for (List& list : lists_) {
            while (list.oldest != nullptr && is_stale(list, *list.oldest, now))
                close_one(*list.oldest);
        }
    }

    void close_all() {
        for (List& list : lists_) close_list(list);
    }

    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] std::size_t size(std::uint32_t endpoint) const { return lists_[endpoint].size; }

private:
    struct List {
        IdleLimits limits;
        IdleHook* newest = nullptr;
        IdleHook* oldest = nullptr;
        std::size_t size = 0;
    };

    [[nodiscard]] static bool is_stale(const List& list, const IdleHook& hook, TimePoint now) {
        return now - hook.idle_since_ >= list.limits.idle_limit;
    }

    void unlink(IdleHook& hook) {
        List& list = lists_[hook.endpoint_];
        (hook.newer_ == nullptr ? list.newest : hook.newer_->older_) = hook.older_;
        (hook.older_ == nullptr ? list.oldest : hook.older_->newer_) = hook.newer_;
        hook.newer_ = hook.older_ = nullptr;
        hook.pooled_ = false;
        --list.size;
        --size_;
    }

    void close_one(IdleHook& hook) {
        unlink(hook);
        close_(static_cast<Connection&>(hook));
    }

    void close_list(List& list) {
        while (list.oldest != nullptr) close_one(*list.oldest);
    }

    std::vector<List> lists_;
    std::size_t size_ = 0;
    Close close_;
};

}  // namespace sluice::upstream
