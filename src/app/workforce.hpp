#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "app/main_queue.hpp"
#include "base/log.hpp"
#include "net/worker.hpp"
#include "proxy/connection_limit.hpp"
#include "proxy/snapshot.hpp"
#include "proxy/worker_state.hpp"
#include "telemetry/log_sink.hpp"
#include "telemetry/metrics_registry.hpp"

namespace sluice::app {

/// The gateway's workers with what each holds; their number may grow and shrink while they run.
///
/// Threading: the main thread, but for `state_of`, which is for the worker itself, and `ask_everybody`.
/// Lifetime:  limit, metrics, log and queue outlive it. Listeners are told of other workers between `resize` and
///            `retire_surplus`.
class Workforce {
public:
    struct Surroundings {
        proxy::ConnectionLimit& connection_limit;
        telemetry::MetricsRegistry& metrics;
        const Log& log;
        MainQueue& queue;
    };
    explicit Workforce(const Surroundings& surroundings) : surroundings_(surroundings) {}
    Workforce(const Workforce&) = delete;
    Workforce& operator=(const Workforce&) = delete;

    /// What every worker has from now on. Returns when all have taken it: no request begins with another afterwards.
    void publish(std::shared_ptr<const proxy::Snapshot> snapshot, std::shared_ptr<telemetry::LogSink> access_sink);

    /// Starts workers until there are so many, which have what was published last; or takes those beyond so many off the
    /// list.
    void resize(std::size_t count);
    /// Those that were taken off the list, and get no connections any more, go on with the sessions that they have, whose
    /// next response is the last, and end when none is left.
    void retire_surplus();

    /// Those that get new connections.
    [[nodiscard]] const std::vector<net::Worker*>& workers() const { return list_; }
    [[nodiscard]] static proxy::WorkerState& state_of(net::Worker& worker) { return *static_cast<Member&>(worker).state; }

    /// What is under way by now, of all workers.
    [[nodiscard]] proxy::Usage usage() const;

    /// Runs something on every worker, those that are about to end included.
    void for_each(const std::function<void(proxy::WorkerState&)>& call);

    /// Calls `works` when every worker has shown that it still does what it is given; on the last one's thread. Any thread.
    void ask_everybody(std::function<void()> works);

    /// Lets every worker end its sessions in the given way; false when some are left after `limit`, or when the operator asked
    /// `impatient` times.
    [[nodiscard]] bool finish(void (proxy::WorkerState::*end)(std::function<void()>), std::chrono::milliseconds limit,
                              int impatient);
    /// Ends the threads, which have no sessions left.
    void stop();

private:
    struct Member final : net::Worker {
        using net::Worker::Worker;
        std::unique_ptr<proxy::WorkerState> state;
        telemetry::WorkerMetrics* metrics = nullptr;
    };

    void grow(std::size_t count);
    [[nodiscard]] std::unique_ptr<Member> make(std::uint32_t index);
    [[nodiscard]] std::vector<Member*> everybody() const;
    void end_member(Member& member);
    void stop_member(Member& member);

    Surroundings surroundings_;
    /// Guards the lists against `ask_everybody`: who changes them is the main thread.
    std::mutex mutex_;
    std::shared_ptr<const proxy::Snapshot> snapshot_;
    std::shared_ptr<telemetry::LogSink> access_sink_;
    std::vector<std::unique_ptr<Member>> members_;
    /// Off the list: the first `retiring_` of them know.
    std::vector<std::unique_ptr<Member>> retired_;
    std::size_t retiring_ = 0;
    std::vector<net::Worker*> list_;
};

/// A seed that nobody can guess.
[[nodiscard]] std::uint64_t random_seed();

}  // namespace sluice::app
