#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "proxy/endpoint_connections.hpp"
#include "proxy/snapshot.hpp"
#include "upstream/balancer.hpp"
#include "upstream/cluster_state.hpp"
#include "upstream/retry_budget.hpp"

namespace sluice::proxy {

/// A worker's view of a cluster: the choice of an endpoint, and the connections to each.
///
/// Threading: one worker; follows the ClusterState that all workers share by its version.
/// Lifetime:  worker and metrics outlive it. An endpoint that was picked stays until the hold on it ends.
class ClusterConnections {
public:
    /// Keeps a picked endpoint alive.
    class Hold {
    public:
        Hold() = default;
        explicit Hold(EndpointConnections& endpoint) : endpoint_(&endpoint) { endpoint.hold(); }
        Hold(Hold&& other) noexcept : endpoint_(std::exchange(other.endpoint_, nullptr)) {}
        Hold& operator=(Hold&& other) noexcept {
            std::swap(endpoint_, other.endpoint_);
            return *this;
        }
        ~Hold() {
            if (endpoint_ != nullptr) endpoint_->let_go();
        }
        [[nodiscard]] EndpointConnections* operator->() const { return endpoint_; }
        [[nodiscard]] EndpointConnections& operator*() const { return *endpoint_; }
        [[nodiscard]] explicit operator bool() const { return endpoint_ != nullptr; }

    private:
        EndpointConnections* endpoint_ = nullptr;
    };

    /// An exchange that may still ask for an endpoint. Keeps the cluster's connections, also when it has left the
    /// configuration.
    class Use {
    public:
        Use() = default;
        explicit Use(ClusterConnections& cluster) : cluster_(&cluster) { ++cluster.uses_; }
        Use(Use&& other) noexcept : cluster_(std::exchange(other.cluster_, nullptr)) {}
        Use& operator=(Use&& other) noexcept {
            std::swap(cluster_, other.cluster_);
            return *this;
        }
        ~Use() {
            if (cluster_ != nullptr) --cluster_->uses_;
        }
        [[nodiscard]] ClusterConnections* operator->() const { return cluster_; }
        [[nodiscard]] explicit operator bool() const { return cluster_ != nullptr; }

    private:
        ClusterConnections* cluster_ = nullptr;
    };

    ClusterConnections(const EndpointConnections::Context& context, const Snapshot& snapshot, const ClusterPlan& plan);
    ClusterConnections(const ClusterConnections&) = delete;
    ClusterConnections& operator=(const ClusterConnections&) = delete;
    ~ClusterConnections();

    /// The cluster as another snapshot has it, or the same with other places in the metrics.
    void follow(const Snapshot& snapshot, const ClusterPlan& plan);
    /// It has left the configuration: what is under way ends, nothing is kept for later.
    void retire();
    [[nodiscard]] bool is_in_use() const;

    /// As it is in force; an exchange may have begun with another.
    [[nodiscard]] upstream::ClusterState& state() { return *state_; }
    [[nodiscard]] upstream::RetryBudget& budget() { return budget_; }

    /// What a request is sent by: its hash, the endpoint that its cookie names, and those that it has tried in vain.
    struct Wish {
        std::uint64_t hash = 0;
        std::optional<std::uint64_t> sticky;
        std::span<EndpointConnections* const> tried;
    };
    /// The endpoint for a request; an empty hold when none may be used. One that was tried only when no other is well.
    [[nodiscard]] Hold pick(const Wish& wish);

    void close_idle();
    void close_idle_since(TimePoint now);
    [[nodiscard]] std::size_t idle_count() const;

private:
    void add_wake();
    void refresh();
    void tell_endpoint(std::size_t i);
    void take_set(std::shared_ptr<const upstream::EndpointSet> set);
    [[nodiscard]] std::optional<std::uint32_t> find_sticky(std::uint64_t hash) const;
    [[nodiscard]] std::optional<std::uint32_t> find_backup(std::span<const std::uint32_t> tried) const;
    void serve_queues();
    void free_retired();

    EndpointConnections::Context context_;
    std::shared_ptr<upstream::ClusterState> state_;
    std::vector<std::uint32_t> metrics_;
    std::shared_ptr<const void> metrics_lease_;
    std::uint32_t uses_ = 0;
    bool is_retired_ = false;
    std::uint32_t seen_version_ = 0;
    std::optional<TimePoint> changes_at_;
    std::shared_ptr<const upstream::EndpointSet> set_;
    /// In the order of the set's members.
    std::vector<std::unique_ptr<EndpointConnections>> endpoints_;
    std::vector<std::unique_ptr<EndpointConnections>> retired_;
    std::vector<const upstream::EndpointLoad*> loads_;
    upstream::Balancer balancer_;
    upstream::RetryBudget budget_;
    upstream::ClusterState::WakeEntry wake_;
    /// Posted wakes find by it whether this object is still there.
    std::shared_ptr<ClusterConnections*> alive_;
};

}  // namespace sluice::proxy
