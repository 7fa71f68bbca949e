#include "upstream/cluster_state.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace sluice::upstream {
namespace {

std::string authority_of(const config::Endpoint& endpoint) {
    return endpoint.srv.empty() ? endpoint.address.text() : endpoint.srv;
}

std::shared_ptr<const MaglevTable> table_of(const std::vector<Member>& members) {
    std::vector<std::pair<std::string_view, std::uint32_t>> names;
    for (const Member& member : members) names.emplace_back(member.endpoint->name, member.weight);
    return make_maglev(names);
}

/// Stands for one address, and needs no name looked up.
bool is_literal(const config::Endpoint& endpoint) {
    return endpoint.srv.empty() && endpoint.address.kind != config::Address::Kind::Name;
}

/// Endpoints that have left make room among those that may be ejected.
void remove_missing(const EndpointSet& set, const std::vector<Member>& members, Ejector& ejector) {
    for (const Member& old : set.members) {
        const bool stays = std::ranges::find(members, old.endpoint, &Member::endpoint) != members.end();
        if (!stays) ejector.remove(old.endpoint->ejection);
    }
}

bool same_members(const std::vector<Member>& a, const std::vector<Member>& b) {
    return std::ranges::equal(a, b, [](const Member& x, const Member& y) {
        return x.endpoint == y.endpoint && x.weight == y.weight && x.priority == y.priority;
    });
}

}  // namespace

ClusterState::ClusterState(const config::Cluster& cluster, const std::string& generated_secret, const ClusterState* previous)
    : config_(cluster),
      ejector_(config_.ejection, previous != nullptr ? &previous->ejector_ : nullptr),
      set_(std::make_shared<EndpointSet>()) {
    if (config_.breaker) {
        const bool stays = previous != nullptr && previous->config_.breaker == config_.breaker;
        breaker_ = stays ? previous->breaker_ : std::make_shared<Breaker>(*config_.breaker);
    }
    if (config_.sticky) sticky_.emplace(config_.sticky->secret.empty() ? generated_secret : config_.sticky->secret);
    std::vector<Member> members;
    for (std::uint32_t i = 0; i < config_.endpoints.size(); ++i) add_carried(i, previous, members);
    rebuild_locked(std::move(members));
}

/// Adds what one configured endpoint stands for: as `previous` knows it, or a new one. Names without a known address are
/// looked up later; until then they stand for nothing.
void ClusterState::add_carried(std::uint32_t configured, const ClusterState* previous, std::vector<Member>& members) const {
    const config::Endpoint& endpoint = config_.endpoints[configured];
    bool is_known = false;
    for (const Member& old : previous != nullptr ? previous->endpoints()->members : std::vector<Member>{}) {
        const config::Endpoint& was = previous->config_.endpoints[old.configured];
        const bool is_taken = std::ranges::find(members, old.endpoint, &Member::endpoint) != members.end();
        if (is_taken || was.address != endpoint.address || was.srv != endpoint.srv) continue;
        const EndpointOverride said = was == endpoint ? old.endpoint->said.get() : EndpointOverride{};
        members.push_back(make_member(configured, old.found_weight, old.found_priority, old.endpoint, said));
        is_known = true;
        if (is_literal(endpoint)) break;
    }
    if (is_known || !is_literal(endpoint)) return;
    members.push_back(make_member(
        configured, 1, 0, std::make_shared<EndpointState>(EndpointPlace{endpoint.address, authority_of(endpoint)}, config_), {}));
}

Member ClusterState::make_member(std::uint32_t configured, std::uint32_t found_weight, std::uint32_t found_priority,
                                 std::shared_ptr<EndpointState> endpoint, const EndpointOverride& said) const {
    const config::Endpoint& settings = config_.endpoints[configured];
    Member member;
    member.endpoint = std::move(endpoint);
    member.weight = said.weight.value_or(found_weight * settings.weight);
    member.priority = std::max(found_priority, settings.priority);
    member.is_draining = said.drain.value_or(settings.drain);
    member.configured = configured;
    member.found_weight = found_weight;
    member.found_priority = found_priority;
    return member;
}

void ClusterState::apply_overrides() {
    const std::lock_guard lock(mutex_);
    std::vector<Member> members;
    for (const Member& old : set_->members) {
        members.push_back(make_member(old.configured, old.found_weight, old.found_priority, old.endpoint, old.endpoint->said.get()));
    }
    rebuild_locked(std::move(members));
}

std::shared_ptr<const EndpointSet> ClusterState::endpoints() const {
    const std::lock_guard lock(mutex_);
    return set_;
}

bool ClusterState::has(const EndpointState& endpoint) const {
    const auto set = endpoints();
    return std::ranges::any_of(set->members, [&](const Member& member) { return member.endpoint.get() == &endpoint; });
}

std::shared_ptr<EndpointState> ClusterState::known_locked(const EndpointPlace& place, std::uint32_t configured) const {
    for (const Member& member : set_->members) {
        if (member.configured == configured && member.endpoint->place.address == place.address) return member.endpoint;
    }
    return std::make_shared<EndpointState>(place, config_);
}

bool ClusterState::replace(std::uint32_t configured, const std::vector<FoundEndpoint>& found) {
    const config::Endpoint& endpoint = config_.endpoints[configured];
    const std::lock_guard lock(mutex_);
    std::vector<Member> members;
    std::ranges::copy_if(set_->members, std::back_inserter(members),
                         [&](const Member& member) { return member.configured < configured; });
    for (const FoundEndpoint& one : found) {
        // The Host of an address found by SRV is not the service's name; what the record says is what listens there.
        std::string authority = endpoint.srv.empty() ? authority_of(endpoint) : one.address.text();
        std::shared_ptr<EndpointState> state = known_locked({one.address, std::move(authority)}, configured);
        const EndpointOverride said = state->said.get();
        members.push_back(make_member(configured, one.weight, one.priority, std::move(state), said));
    }
    std::ranges::copy_if(set_->members, std::back_inserter(members),
                         [&](const Member& member) { return member.configured > configured; });
    if (same_members(members, set_->members)) return false;
    remove_missing(*set_, members, ejector_);
    rebuild_locked(std::move(members));
    return true;
}

void ClusterState::give_way_to(ClusterState& successor) {
    const auto set = successor.endpoints();
    std::unique_lock lock(mutex_);
    remove_missing(*set_, set->members, ejector_);
    for (const Member& old : set_->members) {
        const auto now = std::ranges::find(set->members, old.endpoint, &Member::endpoint);
        if (now == set->members.end() || config_.endpoints[old.configured] == successor.config_.endpoints[now->configured]) continue;
        old.endpoint->said.set({});
    }
    lock.unlock();
    // Ejections and an operator's words may have come to this one alone since the other was made.
    successor.apply_overrides();
}

void ClusterState::rebuild_locked(std::vector<Member> members) {
    auto set = std::make_shared<EndpointSet>();
    set->members = std::move(members);
    if (config_.balance == config::Balance::Hash) set->table = table_of(set->members);
    set_ = std::move(set);
    touch();
}

Candidates ClusterState::candidates(const EndpointSet& set, TimePoint now) {
    std::vector<EndpointStanding> standings;
    std::optional<TimePoint> first_return;
    for (const Member& member : set.members) {
        EndpointState& endpoint = *member.endpoint;
        if (ejector_.return_if_due(endpoint.ejection, now)) {
            endpoint.set_recovered(now);
            touch();
        }
        if (const auto until = endpoint.ejection.ejected_until(); until && *until > now) {
            first_return = std::min(first_return.value_or(*until), *until);
        }
        const TimePoint recovered = endpoint.recovered_at();
        standings.push_back({member.weight, member.priority, endpoint.is_up(now), member.is_draining,
                             recovered == TimePoint{} ? std::nullopt : std::optional(recovered)});
    }
    Candidates found = find_candidates(standings, {config_.slow_start, config_.panic_percent}, now);
    if (first_return) found.changes_at = std::min(found.changes_at.value_or(*first_return), *first_return);
    return found;
}

std::optional<TimePoint> ClusterState::record(EndpointState& endpoint, TryResult result, TimePoint now) {
    if (result == TryResult::Success) {
        endpoint.ejection.succeed();
        return std::nullopt;
    }
    const Failure kind = result == TryResult::ConnectFailure ? Failure::Connect : Failure::ServerError;
    const auto count = static_cast<std::uint32_t>(endpoints()->members.size());
    const std::optional<TimePoint> until = ejector_.fail(endpoint.ejection, kind, count, now);
    if (until) touch();
    return until;
}

bool ClusterState::record_check(EndpointState& endpoint, bool has_passed, std::string error, TimePoint now) {
    endpoint.health.use(*config_.health_check);
    const bool was_up = endpoint.health.is_up();
    const bool has_changed = endpoint.health.record(has_passed, std::move(error), now);
    const bool is_back = !was_up && endpoint.health.is_up();
    const bool is_refuted = refutes_ejection(endpoint, has_passed, now);
    const bool has_returned = (is_back || is_refuted) && ejector_.end(endpoint.ejection, now);
    if (is_back || has_returned) endpoint.set_recovered(now);
    if (has_changed || has_returned) touch();
    return has_changed;
}

/// An endpoint that was ejected because it could not be reached can be reached when it passes its checks. Of server
/// errors they say nothing.
bool ClusterState::refutes_ejection(EndpointState& endpoint, bool has_passed, TimePoint now) const {
    const EndpointEjection& ejection = endpoint.ejection;
    const bool counts = has_passed && ejection.is_ejected(now) && ejection.reason() == Failure::Connect;
    endpoint.passed_while_ejected = counts ? endpoint.passed_while_ejected + 1 : 0;
    return counts && endpoint.passed_while_ejected >= config_.health_check->healthy;
}

ClusterState::WakeEntry ClusterState::add_wake(Wake wake) {
    const std::lock_guard lock(mutex_);
    return wakes_.insert(wakes_.end(), std::move(wake));
}

void ClusterState::remove_wake(WakeEntry entry) {
    const std::lock_guard lock(mutex_);
    wakes_.erase(entry);
}

void ClusterState::wake_workers() {
    const std::lock_guard lock(mutex_);
    for (const Wake& wake : wakes_) wake();
}

}  // namespace sluice::upstream
