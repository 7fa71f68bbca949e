#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/result.hpp"
#include "net/stream.hpp"
#include "net/task.hpp"
#include "proxy/snapshot.hpp"
#include "telemetry/metrics.hpp"
#include "upstream/idle_pool.hpp"
#include "upstream/round_robin.hpp"

namespace sluice::proxy {

class UpstreamConnections;

/// One connection to an endpoint: with an exchange, or idle in the pool, where it hears of its peer's farewell.
struct UpstreamConnection final : public net::StreamWatcher, public upstream::IdleHook {
    explicit UpstreamConnection(UpstreamConnections& connections) : owner(connections) {}

    UpstreamConnections& owner;
    net::Stream stream;
    /// Among all endpoints of the snapshot.
    std::uint32_t endpoint = 0;

    void on_unawaited_input() override;
};

/// A worker's connections to every endpoint of the snapshot, and the choice between endpoints.
///
/// Threading: one worker.
/// Lifetime:  worker and snapshot outlive it. A connection that was taken or dialed belongs to the caller until it is
///            released or discarded.
class UpstreamConnections {
public:
    UpstreamConnections(net::Worker& worker, std::shared_ptr<const Snapshot> snapshot,
                        telemetry::WorkerMetrics& metrics);
    UpstreamConnections(const UpstreamConnections&) = delete;
    UpstreamConnections& operator=(const UpstreamConnections&) = delete;
    ~UpstreamConnections();

    /// The next endpoint of the cluster, another than `avoid` where there is one; nullopt when none may be used.
    [[nodiscard]] std::optional<std::uint32_t> pick(std::uint32_t cluster, std::optional<std::uint32_t> avoid);

    /// An idle connection, or nullptr.
    [[nodiscard]] UpstreamConnection* take_idle(std::uint32_t cluster, std::uint32_t endpoint);
    [[nodiscard]] net::Task<Result<UpstreamConnection*>> dial(std::uint32_t cluster, std::uint32_t endpoint);

    /// Gives back a connection that can carry another request.
    void release(UpstreamConnection& connection);
    void discard(UpstreamConnection& connection);

    void close_idle() { idle_.close_all(); }
    [[nodiscard]] std::size_t idle_count() const { return idle_.size(); }
    [[nodiscard]] std::size_t idle_count(std::uint32_t endpoint) const { return idle_.size(endpoint); }

private:
    friend struct UpstreamConnection;

    struct Close {
        UpstreamConnections* connections;
        void operator()(UpstreamConnection& connection) const { connections->close_idle_connection(connection); }
    };

    void close(UpstreamConnection& connection);
    void close_idle_connection(UpstreamConnection& connection);
    void leave_pool(UpstreamConnection& connection);
    void sweep();

    net::Worker& worker_;
    std::shared_ptr<const Snapshot> snapshot_;
    telemetry::WorkerMetrics& metrics_;
    std::vector<upstream::RoundRobin> balancers_;
    /// Closed ones, for reuse of their memory.
    std::vector<std::unique_ptr<UpstreamConnection>> free_;
    upstream::IdlePool<UpstreamConnection, Close> idle_;
    net::Deadline sweep_;
};

}  // namespace sluice::proxy
