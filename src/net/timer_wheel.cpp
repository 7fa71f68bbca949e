#include "net/timer_wheel.hpp"

#include <algorithm>
#include <bit>

namespace sluice::net {

void Deadline::set(TimePoint when) {
    due_ = wheel_.tick_of(when);
    // A linked entry whose slot comes no later than the deadline moves on when that slot is swept.
    if (link_ != nullptr && slot_tick_ <= due_) return;
    unlink();
    wheel_.insert(*this);
}

void Deadline::unlink() {
    if (link_ == nullptr) return;
    *link_ = next_;
    if (next_ != nullptr) next_->link_ = link_;
    link_ = nullptr;
    next_ = nullptr;
}

std::uint64_t TimerWheel::tick_of(TimePoint when) const {
    if (when <= start_) return current_ + 1;
    // Rounded up: a deadline never comes early.
    const auto ticks = static_cast<std::uint64_t>((when - start_ + tick - Duration{1}) / tick);
    return std::max(ticks, current_ + 1);
}

void TimerWheel::insert(Deadline& deadline) {
    // Farther than one turn: to the last slot, from where the sweep moves it on.
    deadline.slot_tick_ = std::min(deadline.due_, current_ + slots - 1);
    const std::size_t slot = deadline.slot_tick_ % slots;
    Deadline*& head = heads_[slot];
    deadline.next_ = head;
    deadline.link_ = &head;
    if (head != nullptr) head->link_ = &deadline.next_;
    head = &deadline;
    occupied_[slot / 64] |= std::uint64_t{1} << (slot % 64);
    if (deadline.slot_tick_ < earliest_) {
        earliest_ = deadline.slot_tick_;
        if (on_earlier_ != nullptr) on_earlier_(on_earlier_owner_);
    }
}

void TimerWheel::run_slot(std::uint64_t slot_tick) {
    Deadline* due = nullptr;
    Deadline*& head = heads_[slot_tick % slots];
    occupied_[(slot_tick % slots) / 64] &= ~(std::uint64_t{1} << (slot_tick % 64));
    // Callbacks may destroy any deadline, so the slot's list moves to a local head that unlink() keeps right.
    due = head;
    head = nullptr;
    if (due != nullptr) due->link_ = &due;
    while (due != nullptr) {
        Deadline& deadline = *due;
        deadline.unlink();
        if (deadline.due_ == Deadline::never) continue;
        if (deadline.due_ > slot_tick) {
            insert(deadline);
            continue;
        }
        deadline.due_ = Deadline::never;
        deadline.callback_(deadline.owner_);
    }
}

void TimerWheel::advance(TimePoint now) {
    if (now < start_) return;
    const auto now_tick = static_cast<std::uint64_t>((now - start_) / tick);
    while (current_ < now_tick) {
        const std::optional<std::uint64_t> next = next_occupied();
        if (!next || *next > now_tick) {
            current_ = now_tick;
            break;
        }
        current_ = *next;
        earliest_ = ~std::uint64_t{0};
        run_slot(current_);
    }
    earliest_ = next_occupied().value_or(~std::uint64_t{0});
}

std::optional<std::uint64_t> TimerWheel::next_occupied() const {
    const std::uint64_t first = current_ + 1;
    for (std::uint64_t step = 0; step < slots;) {
        const std::size_t slot = (first + step) % slots;
        const std::uint64_t word = occupied_[slot / 64] >> (slot % 64);
        if (word != 0) {
            const std::uint64_t found = step + static_cast<std::uint64_t>(std::countr_zero(word));
            if (found < slots) return first + found;
            return std::nullopt;
        }
        step += 64 - slot % 64;
    }
    return std::nullopt;
}

std::optional<TimePoint> TimerWheel::next_wake() const {
    const std::optional<std::uint64_t> next = next_occupied();
    if (!next) return std::nullopt;
    return start_ + static_cast<std::int64_t>(*next) * tick;
}

}  // namespace sluice::net
