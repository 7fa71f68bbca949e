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

bool same_members(const std::vector<Member>& a, const std::vector<Member>& b) {
    return std::ranges::equal(a, b, [](const Member& x, const Member& y) {
        return x.endpoint == y.endpoint && x.weight == y.weight && x.priority == y.priority;
    });
}

}  // namespace

ClusterState::ClusterState(const config::Cluster& cluster, const std::string& generated_secret)
    : config_(cluster), ejector_(config_.ejection), set_(std::make_shared<EndpointSet>()) {
    if (config_.breaker) breaker_.emplace(*config_.breaker);
    if (config_.sticky) sticky_.emplace(config_.sticky->secret.empty() ? generated_secret : config_.sticky->secret);
    std::vector<Member> members;
    for (std::uint32_t i = 0; i < config_.endpoints.size(); ++i) {
        const config::Endpoint& endpoint = config_.endpoints[i];
        // Names are looked up later; until then they stand for nothing.
        if (!endpoint.srv.empty() || endpoint.address.kind == config::Address::Kind::Name) continue;
        members.push_back({std::make_shared<EndpointState>(EndpointPlace{endpoint.address, authority_of(endpoint), i}, config_),
                           endpoint.weight, endpoint.priority, endpoint.drain});
    }
    rebuild_locked(std::move(members));
}

std::shared_ptr<const EndpointSet> ClusterState::endpoints() const {
    const std::lock_guard lock(mutex_);
    return set_;
}

std::shared_ptr<EndpointState> ClusterState::known(const EndpointPlace& place) const {
    for (const Member& member : set_->members) {
        const EndpointPlace& other = member.endpoint->place;
        if (other.configured == place.configured && other.address == place.address) return member.endpoint;
    }
    return std::make_shared<EndpointState>(place, config_);
}

bool ClusterState::replace(std::uint32_t configured, const std::vector<FoundEndpoint>& found) {
    const config::Endpoint& endpoint = config_.endpoints[configured];
    const std::lock_guard lock(mutex_);
    std::vector<Member> members;
    std::ranges::copy_if(set_->members, std::back_inserter(members), [&](const Member& member) {
        return member.endpoint->place.configured < configured;
    });
    for (const FoundEndpoint& one : found) {
        // The Host of an address found by SRV is not the service's name; what the record says is what listens there.
        std::string authority = endpoint.srv.empty() ? authority_of(endpoint) : one.address.text();
        members.push_back({known({one.address, std::move(authority), configured}), one.weight * endpoint.weight,
                           std::max(one.priority, endpoint.priority), endpoint.drain});
    }
    std::ranges::copy_if(set_->members, std::back_inserter(members), [&](const Member& member) {
        return member.endpoint->place.configured > configured;
    });
    if (same_members(members, set_->members)) return false;
    for (const Member& old : set_->members) {
        const bool stays = std::ranges::find(members, old.endpoint, &Member::endpoint) != members.end();
        if (!stays) ejector_.remove(old.endpoint->ejection);
    }
    rebuild_locked(std::move(members));
    return true;
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
