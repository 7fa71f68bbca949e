#include "app/workforce.hpp"

#include <algorithm>
#include <atomic>
#include <random>
#include <utility>

#include "base/countdown.hpp"

namespace sluice::app {

std::uint64_t random_seed() {
    std::random_device device;
    return (std::uint64_t{device()} << 32) | device();
}

std::unique_ptr<Workforce::Member> Workforce::make(std::uint32_t index) {
    auto member = std::make_unique<Member>(index, random_seed());
    member->metrics = &surroundings_.metrics.add_worker();
    const proxy::WorkerState::Shared shared{snapshot_, surroundings_.connection_limit, surroundings_.log, access_sink_};
    member->state = std::make_unique<proxy::WorkerState>(*member, shared, *member->metrics);
    return member;
}

void Workforce::publish(std::shared_ptr<const proxy::Snapshot> snapshot, std::shared_ptr<telemetry::LogSink> access_sink) {
    snapshot_ = std::move(snapshot);
    access_sink_ = std::move(access_sink);
    const std::vector<Member*> all = everybody();
    Countdown taken(all.size());
    for (Member* const member : all) {
        member->post([this, member, &taken] {
            surroundings_.metrics.grow(*member->metrics);
            member->state->follow(snapshot_, access_sink_);
            taken.count_down();
        });
    }
    taken.wait();
}

void Workforce::grow(std::size_t count) {
    while (members_.size() < count) {
        std::unique_ptr<Member> member = make(static_cast<std::uint32_t>(members_.size()));
        const std::scoped_lock lock(mutex_);
        members_.push_back(std::move(member));
        list_.push_back(members_.back().get());
        members_.back()->start([] {});
    }
}

void Workforce::resize(std::size_t count) {
    grow(count);
    while (members_.size() > count) {
        const std::scoped_lock lock(mutex_);
        retired_.push_back(std::move(members_.back()));
        members_.pop_back();
        list_.pop_back();
    }
}

void Workforce::retire_surplus() {
    for (; retiring_ < retired_.size(); ++retiring_) {
        Member& member = *retired_[retiring_];
        member.post([this, &member] {
            member.state->retire([this, &member] {
                // Not from within its own session's end.
                surroundings_.queue.post([this, &member](bool is_stopping) {
                    if (!is_stopping) end_member(member);
                });
            });
        });
    }
}

/// A retired worker has no sessions left.
void Workforce::end_member(Member& member) {
    stop_member(member);
    member.join();
    surroundings_.metrics.remove_worker(*member.metrics);
    const std::scoped_lock lock(mutex_);
    std::erase_if(retired_, [&](const auto& one) { return one.get() == &member; });
    --retiring_;
}

std::vector<Workforce::Member*> Workforce::everybody() const {
    std::vector<Member*> all;
    for (const auto* const list : {&members_, &retired_}) {
        for (const auto& member : *list) all.push_back(member.get());
    }
    return all;
}

proxy::Usage Workforce::usage() const {
    const std::vector<Member*> all = everybody();
    std::vector<proxy::Usage> counts(all.size());
    Countdown counted(all.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
        all[i]->post([member = all[i], &count = counts[i], &counted] {
            member->state->count(count);
            counted.count_down();
        });
    }
    counted.wait();
    proxy::Usage sum;
    for (const proxy::Usage& count : counts) sum.add(count);
    return sum;
}

void Workforce::ask_everybody(std::function<void()> works) {
    const std::scoped_lock lock(mutex_);
    const std::vector<Member*> all = everybody();
    auto left = std::make_shared<std::atomic<std::size_t>>(all.size());
    auto answer = std::make_shared<const std::function<void()>>(std::move(works));
    for (Member* const member : all) {
        member->post([left, answer] {
            if (--*left == 0) (*answer)();
        });
    }
}

void Workforce::for_each(const std::function<void(proxy::WorkerState&)>& call) {
    for (Member* const member : everybody()) {
        member->post([member, call] { call(*member->state); });
    }
}

bool Workforce::finish(void (proxy::WorkerState::*end)(std::function<void()>), std::chrono::milliseconds limit,
                       int impatient) {
    const std::vector<Member*> all = everybody();
    MainQueue& queue = surroundings_.queue;
    const unsigned phase = queue.expect(all.size());
    for (Member* const member : all) {
        member->post([&queue, end, phase, member] {
            (*member->state.*end)([&queue, phase] { queue.finish_one(phase); });
        });
    }
    return queue.wait_finished(limit, impatient);
}

void Workforce::stop_member(Member& member) {
    member.post([&member] { member.state.reset(); });
    member.post([&member] { member.stop(); });
}

void Workforce::stop() {
    for (Member* const member : everybody()) stop_member(*member);
    for (Member* const member : everybody()) member->join();
}

}  // namespace sluice::app
