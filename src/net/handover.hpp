#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <utility>

#include "net/task.hpp"
#include "net/worker.hpp"

namespace sluice::net {

/// One value that a coroutine on a worker waits for and another thread gives.
///
///     Handover<int> handover(worker);
///     begin_work([giver = handover.giver()](int value) { giver(value); });
///     const std::optional<int> value = co_await handover.wait();
///
/// Threading: made and awaited on the worker; a giver is called, copied and destroyed on any thread.
/// Lifetime:  givers may outlive it, but not the worker.
/// Failure:   nullopt when the last giver has gone without giving.
template <typename T>
class Handover {
    struct Arrival {
        Event event;
        std::optional<T> value;
    };
    struct Slot {
        Slot(Worker& the_worker, std::shared_ptr<Arrival> the_arrival) : worker(the_worker), arrival(std::move(the_arrival)) {}
        Slot(const Slot&) = delete;
        Slot& operator=(const Slot&) = delete;
        ~Slot() {
            if (!is_given.load()) deliver(std::nullopt);
        }
        void give(T value) {
            if (!is_given.exchange(true)) deliver(std::move(value));
        }
        void deliver(std::optional<T> value) {
            worker.post([to = arrival, given = std::move(value)] {
                to->value = given;
                to->event.set();
            });
        }

        Worker& worker;
        std::shared_ptr<Arrival> arrival;
        std::atomic<bool> is_given{false};
    };

public:
    explicit Handover(Worker& worker) : arrival_(std::make_shared<Arrival>()), slot_(std::make_shared<Slot>(worker, arrival_)) {}
    Handover(const Handover&) = delete;
    Handover& operator=(const Handover&) = delete;

    /// Gives once; what is given after that is dropped.
    class Giver {
    public:
        void operator()(T value) const { slot_->give(std::move(value)); }

    private:
        friend class Handover;
        explicit Giver(std::shared_ptr<Slot> slot) : slot_(std::move(slot)) {}
        std::shared_ptr<Slot> slot_;
    };

    /// Before `wait`.
    [[nodiscard]] Giver giver() const { return Giver(slot_); }

    /// Once.
    [[nodiscard]] Task<std::optional<T>> wait() {
        // From now on only givers hold the slot, so that their going is noticed.
        slot_.reset();
        return take(arrival_);
    }

private:
    /// Not a member, and the event named before it is awaited: GCC 12 lost `this` of the longer way under sanitizers.
    static Task<std::optional<T>> take(std::shared_ptr<Arrival> arrival) {
        Event& event = arrival->event;
        co_await event;
        co_return std::move(arrival->value);
    }

    std::shared_ptr<Arrival> arrival_;
    std::shared_ptr<Slot> slot_;
};

}  // namespace sluice::net
