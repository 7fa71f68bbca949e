#include "proxy/cluster_connections.hpp"

#include <algorithm>
#include <utility>

#include "net/worker.hpp"

namespace sluice::proxy {
namespace {

/// A request tries few endpoints; those beyond are not avoided.
constexpr std::size_t most_avoided = 8;

}  // namespace

ClusterConnections::ClusterConnections(const EndpointConnections::Context& context, const Snapshot& snapshot,
                                       const ClusterPlan& plan)
    : context_(context),
      state_(plan.state),
      metrics_(plan.endpoint_metrics),
      metrics_lease_(snapshot.metrics_lease()),
      balancer_(plan.config->balance, context.worker.random().next()),
      budget_(plan.config->retry.budget_percent, plan.config->retry.budget_per_second),
      alive_(std::make_shared<ClusterConnections*>(this)) {
    add_wake();
}

ClusterConnections::~ClusterConnections() { state_->remove_wake(wake_); }

void ClusterConnections::add_wake() {
    wake_ = state_->add_wake([&worker = context_.worker, weak = std::weak_ptr(alive_)] {
        worker.post([weak] {
            if (const auto alive = weak.lock()) (*alive)->serve_queues();
        });
    });
}

void ClusterConnections::follow(const Snapshot& snapshot, const ClusterPlan& plan) {
    metrics_ = plan.endpoint_metrics;
    metrics_lease_ = snapshot.metrics_lease();
    if (plan.state != state_) {
        if (plan.config->balance != state_->config().balance) {
            balancer_ = upstream::Balancer(plan.config->balance, context_.worker.random().next());
        }
        budget_.use(plan.config->retry.budget_percent, plan.config->retry.budget_per_second);
        state_->remove_wake(wake_);
        state_ = plan.state;
        add_wake();
        set_ = nullptr;
        for (const auto& endpoint : retired_) endpoint->follow(state_);
        refresh();
        // Of the new settings there may be more places.
        serve_queues();
        return;
    }
    if (set_ == nullptr) return;
    for (std::size_t i = 0; i < endpoints_.size(); ++i) tell_endpoint(i);
}

void ClusterConnections::retire() {
    is_retired_ = true;
    for (const auto& endpoint : endpoints_) endpoint->retire();
}

bool ClusterConnections::is_in_use() const {
    const auto busy = [](const auto& endpoint) { return endpoint->is_in_use(); };
    return uses_ != 0 || std::ranges::any_of(endpoints_, busy) || std::ranges::any_of(retired_, busy);
}

/// Tells the endpoint of the set's i-th member what its cluster is.
void ClusterConnections::tell_endpoint(std::size_t i) {
    endpoints_[i]->follow(state_, metrics_[set_->members[i].configured], metrics_lease_);
}

ClusterConnections::Hold ClusterConnections::pick(const Wish& wish) {
    const TimePoint now = context_.worker.now();
    if (state_->version() != seen_version_ || (changes_at_ && now >= *changes_at_)) refresh();
    if (wish.sticky && wish.tried.empty()) {
        if (const auto found = find_sticky(*wish.sticky)) return Hold(*endpoints_[*found]);
    }
    std::uint32_t avoid[most_avoided];
    std::size_t avoided = 0;
    for (EndpointConnections* const tried : wish.tried) {
        const auto place = std::ranges::find(endpoints_, tried, &std::unique_ptr<EndpointConnections>::get);
        if (place == endpoints_.end() || avoided == most_avoided) continue;
        avoid[avoided++] = static_cast<std::uint32_t>(place - endpoints_.begin());
    }
    const std::span<const std::uint32_t> tried(avoid, avoided);
    const std::optional<std::uint32_t> picked = balancer_.pick({wish.hash, tried});
    if (!picked) return {};
    if (std::ranges::find(tried, *picked) == tried.end()) return Hold(*endpoints_[*picked]);
    return Hold(*endpoints_[find_backup(tried).value_or(*picked)]);
}

/// For a request that has tried all endpoints of the priority in use: the next one that is well.
std::optional<std::uint32_t> ClusterConnections::find_backup(std::span<const std::uint32_t> tried) const {
    const TimePoint now = context_.worker.now();
    std::optional<std::uint32_t> found;
    for (std::uint32_t i = 0; i < endpoints_.size(); ++i) {
        const upstream::Member& member = set_->members[i];
        if (member.is_draining || !member.endpoint->is_up(now)) continue;
        if (std::ranges::find(tried, i) != tried.end()) continue;
        if (!found || member.priority < set_->members[*found].priority) found = i;
    }
    return found;
}

/// Where a client was before, also when it is draining, as long as it is well.
std::optional<std::uint32_t> ClusterConnections::find_sticky(std::uint64_t hash) const {
    for (std::uint32_t i = 0; i < endpoints_.size(); ++i) {
        if (endpoints_[i]->state().name_hash != hash) continue;
        if (!endpoints_[i]->state().is_up(context_.worker.now())) return std::nullopt;
        return i;
    }
    return std::nullopt;
}

void ClusterConnections::refresh() {
    seen_version_ = state_->version();
    free_retired();
    auto set = state_->endpoints();
    if (set != set_) take_set(std::move(set));
    upstream::Candidates candidates = state_->candidates(*set_, context_.worker.now());
    changes_at_ = candidates.changes_at;
    balancer_.use(candidates.list, loads_, set_->table);
}

void ClusterConnections::take_set(std::shared_ptr<const upstream::EndpointSet> set) {
    std::vector<std::unique_ptr<EndpointConnections>> old = std::exchange(endpoints_, {});
    loads_.clear();
    for (const upstream::Member& member : set->members) {
        const auto same = std::ranges::find_if(old, [&](const auto& endpoint) {
            return endpoint && endpoint->shared_state() == member.endpoint;
        });
        endpoints_.push_back(same != old.end() ? std::move(*same)
                                               : std::make_unique<EndpointConnections>(context_, member.endpoint));
        loads_.push_back(&member.endpoint->load);
    }
    set_ = std::move(set);
    for (std::size_t i = 0; i < endpoints_.size(); ++i) tell_endpoint(i);
    if (is_retired_) {
        for (const auto& endpoint : endpoints_) endpoint->retire();
    }
    for (auto& endpoint : old) {
        if (!endpoint) continue;
        endpoint->follow(state_);
        endpoint->retire();
        retired_.push_back(std::move(endpoint));
    }
    free_retired();
}

/// Requests that go on may bring a new set in: the lists are not gone through meanwhile.
void ClusterConnections::serve_queues() {
    std::vector<Hold> wanted;
    for (const auto* const list : {&endpoints_, &retired_}) {
        for (const auto& endpoint : *list) {
            if (endpoint->state().waiting() != 0) wanted.emplace_back(*endpoint);
        }
    }
    for (const Hold& endpoint : wanted) endpoint->serve_queue();
}

void ClusterConnections::free_retired() {
    std::erase_if(retired_, [](const auto& endpoint) { return !endpoint->is_in_use(); });
}

void ClusterConnections::close_idle() {
    for (const auto& endpoint : endpoints_) endpoint->close_idle();
}

void ClusterConnections::close_idle_since(TimePoint now) {
    free_retired();
    for (const auto& endpoint : endpoints_) endpoint->close_idle_since(now);
}

std::size_t ClusterConnections::idle_count() const {
    std::size_t count = 0;
    for (const auto& endpoint : endpoints_) count += endpoint->idle_count();
    return count;
}

}  // namespace sluice::proxy
