#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "app/reload_outcome.hpp"
#include "base/log.hpp"
#include "proxy/snapshot.hpp"
#include "telemetry/status.hpp"

namespace sluice::app {

/// What the gateway serves by now and what came of the last reload, for administration.
///
/// Threading: any thread; changed by the main thread.
class InForce {
public:
    struct View {
        std::shared_ptr<const proxy::Snapshot> snapshot;
        std::vector<telemetry::ListenerStatus> listeners;
        telemetry::ReloadStatus reload;
    };

    [[nodiscard]] View view() const {
        const std::scoped_lock lock(mutex_);
        return view_;
    }
    [[nodiscard]] std::shared_ptr<const proxy::Snapshot> snapshot() const {
        const std::scoped_lock lock(mutex_);
        return view_.snapshot;
    }
    [[nodiscard]] std::uint64_t generation() const {
        const std::scoped_lock lock(mutex_);
        return view_.reload.generation;
    }

    /// Another configuration is in force; the first one before any listener accepts. The old one may end inside this call.
    void set(std::shared_ptr<const proxy::Snapshot> snapshot) {
        std::unique_lock lock(mutex_);
        std::swap(view_.snapshot, snapshot);
        ++view_.reload.generation;
        view_.reload.loaded_milliseconds = wall_clock_milliseconds();
        lock.unlock();
    }

    void set_listeners(std::vector<telemetry::ListenerStatus> listeners) {
        const std::scoped_lock lock(mutex_);
        view_.listeners = std::move(listeners);
    }

    /// How a reload ended that was meant to change something.
    void set_outcome(const ReloadOutcome& outcome) {
        const std::scoped_lock lock(mutex_);
        ++(outcome.is_accepted ? view_.reload.accepted : view_.reload.refused);
        view_.reload.was_accepted = outcome.is_accepted;
        view_.reload.ended_milliseconds = wall_clock_milliseconds();
        view_.reload.problems = outcome.problems;
    }

private:
    mutable std::mutex mutex_;
    View view_;
};

}  // namespace sluice::app
