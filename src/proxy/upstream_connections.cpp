#include "proxy/upstream_connections.hpp"

#include <utility>

#include "net/worker.hpp"

namespace sluice::proxy {
namespace {

constexpr std::chrono::seconds sweep_interval{1};

}  // namespace

/// While idle, an upstream has nothing to say: it has left, or sends what nobody asked for.
void UpstreamConnection::on_unawaited_input() { owner.leave_pool(*this); }

UpstreamConnections::UpstreamConnections(net::Worker& worker,
                                         std::shared_ptr<const Snapshot> snapshot,
                                         telemetry::WorkerMetrics& metrics)
    : worker_(worker),
      snapshot_(std::move(snapshot)),
      metrics_(metrics),
      idle_(Close{this}),
      sweep_(
          worker.timers(), [](void* self) { static_cast<UpstreamConnections*>(self)->sweep(); },
          this) {
    for (const ClusterPlan& cluster : snapshot_->clusters()) {
        balancers_.emplace_back(*cluster.config, worker.random().next());
        for (std::size_t i = 0; i < cluster.endpoints.size(); ++i) {
            idle_.add_endpoint({cluster.config->max_idle, cluster.config->idle_timeout});
        }
    }
}

UpstreamConnections::~UpstreamConnections() { close_idle(); }

std::optional<std::uint32_t> UpstreamConnections::pick(std::uint32_t cluster,
                                                       std::optional<std::uint32_t> avoid) {
    return balancers_[cluster].pick(avoid);
}

UpstreamConnection* UpstreamConnections::take_idle(std::uint32_t cluster, std::uint32_t endpoint) {
    const std::uint32_t index = snapshot_->clusters()[cluster].first_endpoint + endpoint;
    UpstreamConnection* const connection = idle_.acquire(index, worker_.now());
    if (connection == nullptr) return nullptr;
    connection->stream.unwatch();
    metrics_.add_upstream_idle(index, -1);
    metrics_.add_upstream_active(index, 1);
    return connection;
}

net::Task<Result<UpstreamConnection*>> UpstreamConnections::dial(std::uint32_t cluster,
                                                                 std::uint32_t endpoint) {
    const ClusterPlan& plan = snapshot_->clusters()[cluster];
    Result<net::Stream> stream = co_await net::dial(worker_, plan.endpoints[endpoint],
                                                    worker_.now() + plan.config->connect_timeout);
    if (!stream) co_return fail(std::move(stream.error()));
    std::unique_ptr<UpstreamConnection> connection;
    if (free_.empty()) {
        connection = std::make_unique<UpstreamConnection>(*this);
    } else {
        connection = std::move(free_.back());
        free_.pop_back();
    }
    connection->stream = std::move(*stream);
    connection->stream.set_write_stall_limit(plan.config->read_timeout);
    connection->endpoint = plan.first_endpoint + endpoint;
    metrics_.add_upstream_active(connection->endpoint, 1);
    co_return connection.release();
}

void UpstreamConnections::release(UpstreamConnection& connection) {
    metrics_.add_upstream_active(connection.endpoint, -1);
    metrics_.add_upstream_idle(connection.endpoint, 1);
    if (!idle_.release(connection.endpoint, connection, worker_.now())) return;
    connection.stream.watch(&connection);
    if (!sweep_.is_set()) sweep_.set(worker_.now() + sweep_interval);
}

void UpstreamConnections::discard(UpstreamConnection& connection) {
    metrics_.add_upstream_active(connection.endpoint, -1);
    close(connection);
}

/// The pool's own way to end a connection.
void UpstreamConnections::close_idle_connection(UpstreamConnection& connection) {
    metrics_.add_upstream_idle(connection.endpoint, -1);
    close(connection);
}

void UpstreamConnections::close(UpstreamConnection& connection) {
    connection.stream = net::Stream();
    free_.emplace_back(&connection);
}

void UpstreamConnections::leave_pool(UpstreamConnection& connection) {
    if (idle_.remove(connection)) close_idle_connection(connection);
}

void UpstreamConnections::sweep() {
    idle_.close_idle_since(worker_.now());
    if (idle_.size() != 0) sweep_.set(worker_.now() + sweep_interval);
}

}  // namespace sluice::proxy
