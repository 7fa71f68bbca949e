#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/clock.hpp"

namespace sluice::net {

class TimerWheel;

/// A deadline of one owner in a worker's wheel. Moving a deadline to a later time is one store, so it may be
/// done several times per request.
///
/// Threading: the wheel's worker.
/// Lifetime:  leaves the wheel when destroyed; the wheel outlives it.
class Deadline {
public:
    using Callback = void (*)(void* owner);

    Deadline(TimerWheel& wheel, Callback callback, void* owner)
        : wheel_(wheel), callback_(callback), owner_(owner) {}
    Deadline(const Deadline&) = delete;
    Deadline& operator=(const Deadline&) = delete;
    ~Deadline() { unlink(); }

    /// Calls back once, at or up to one tick after `when`, unless set again or cleared before.
    void set(TimePoint when);
    /// The callback does not come; the entry leaves the wheel when its old time passes.
    void clear() { due_ = never; }
    [[nodiscard]] bool is_set() const { return due_ != never; }

private:
    friend class TimerWheel;
    static constexpr std::uint64_t never = ~std::uint64_t{0};

    void unlink();

    TimerWheel& wheel_;
    Callback callback_;
    void* owner_;
    Deadline* next_ = nullptr;
    Deadline** link_ = nullptr;
    /// In ticks since the wheel began.
    std::uint64_t due_ = never;
    std::uint64_t slot_tick_ = 0;
};

/// All deadlines of one worker, in slots of one tick. Whoever drives it calls `advance` and asks `next_wake`.
///
/// Threading: one worker. Pure: the time is passed in.
class TimerWheel {
public:
    static constexpr std::chrono::milliseconds tick{16};
    static constexpr std::size_t slots = 4096;

    explicit TimerWheel(TimePoint start) : start_(start) {}

    /// Calls every deadline that is due at `now`.
    void advance(TimePoint now);

    /// When `advance` has to be called next; nullopt while the wheel is empty.
    [[nodiscard]] std::optional<TimePoint> next_wake() const;

    /// Told when a deadline comes in that is earlier than all others, so that the driver can wake earlier.
    void set_on_earlier(void (*callback)(void*), void* owner) {
        on_earlier_ = callback;
        on_earlier_owner_ = owner;
    }

private:
    friend class Deadline;

    void insert(Deadline& deadline);
    void run_slot(std::uint64_t slot_tick);
    [[nodiscard]] std::uint64_t tick_of(TimePoint when) const;
    [[nodiscard]] std::optional<std::uint64_t> next_occupied() const;

    TimePoint start_;
    std::uint64_t current_ = 0;
    std::uint64_t earliest_ = ~std::uint64_t{0};
    std::array<Deadline*, slots> heads_{};
    /// A bit per slot; may be set for a slot that emptied since.
    std::array<std::uint64_t, slots / 64> occupied_{};
    void (*on_earlier_)(void*) = nullptr;
    void* on_earlier_owner_ = nullptr;
};

}  // namespace sluice::net
