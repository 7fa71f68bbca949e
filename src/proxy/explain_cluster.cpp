#include <algorithm>

#include "config/effective.hpp"
#include "proxy/explain_parts.hpp"
#include "proxy/request_hash.hpp"
#include "proxy/upstream_request.hpp"
#include "upstream/hash_choice.hpp"

namespace sluice::proxy {
namespace {

constexpr std::string_view balance_names[] = {"round_robin", "least_request", "random", "hash"};
constexpr std::string_view balance_words[] = {"in turn, by weight", "the less busy of two drawn by weight", "at random, by weight", ""};

bool is_name(const config::Endpoint& endpoint) {
    return !endpoint.srv.empty() || endpoint.address.kind == config::Address::Kind::Name;
}

std::string state_of(const upstream::Member& member, TimePoint now) {
    const upstream::EndpointState& endpoint = *member.endpoint;
    if (endpoint.health.state() == upstream::Health::Down) return "down";
    if (endpoint.ejection.is_ejected(now)) return "ejected";
    if (member.is_draining) return "draining";
    return endpoint.health.state() == upstream::Health::Up ? "up" : "unchecked";
}

EndpointExplanation explain_member(const upstream::Member& member, TimePoint now) {
    const upstream::EndpointState& endpoint = *member.endpoint;
    return {.name = endpoint.name,
            .weight = member.weight,
            .priority = member.priority,
            .percent = 0,
            .state = state_of(member, now),
            .connections = endpoint.connections(),
            .waiting = endpoint.waiting(),
            .last_error = endpoint.health.report().last_error};
}

/// `is_missing`: the request lacks what it should be hashed by.
std::string hash_words(const config::HashKey& key, std::string_view text, bool is_missing) {
    using By = config::HashKey::By;
    const std::string value = " \"" + (config::is_credential_name(key.name) ? "***" : std::string(text)) + '"';
    const std::string instead = is_missing ? ", which it lacks, so of the client's address \"" + std::string(text) + '"' : value;
    switch (key.by) {
        case By::Header: return "by the hash of header " + key.name + instead;
        // Cookies are credentials.
        case By::Cookie: return "by the hash of cookie " + key.name + (is_missing ? instead : "");
        case By::Query: return "by the hash of query parameter " + key.name + instead;
        case By::Path: return "by the hash of the path" + value;
        case By::Client: break;
    }
    return "by the hash of the client's address" + value;
}

std::string breaker_name(upstream::BreakerState state) {
    switch (state) {
        case upstream::BreakerState::Closed: return "closed";
        case upstream::BreakerState::Open: return "open";
        case upstream::BreakerState::HalfOpen: break;
    }
    return "half_open";
}

/// The choice among the endpoints that a cluster has now.
class Choice {
public:
    Choice(const ForwardedRequest& request, upstream::ClusterState& state)
        : request_(request), state_(state), set_(state.endpoints()), candidates_(state.candidates(*set_, request.now)) {}

    void explain(ClusterExplanation& out, std::vector<upstream::EndpointPlace>& places) {
        for (const upstream::Member& member : set_->members) out.endpoints.push_back(explain_member(member, request_.now));
        double total = 0;
        for (const upstream::Candidate& candidate : candidates_.list) total += candidate.weight;
        for (const upstream::Candidate& candidate : candidates_.list) {
            out.endpoints[candidate.endpoint].percent = 100 * candidate.weight / std::max(total, 1.0);
            places.push_back(set_->members[candidate.endpoint].endpoint->place);
        }
        choose(out);
        if (!chosen_) return;
        const upstream::EndpointState& endpoint = *set_->members[*chosen_].endpoint;
        out.endpoint = endpoint.name;
        places = {endpoint.place};
    }

private:
    void choose(ClusterExplanation& out) {
        const config::Cluster& config = state_.config();
        out.choice = balance_words[static_cast<std::size_t>(config.balance)];
        if (config.balance == config::Balance::Hash) choose_by_hash(out);
        if (candidates_.list.size() == 1) {
            chosen_ = candidates_.list.front().endpoint;
            out.choice = "the only one that may be used";
        }
        if (candidates_.list.empty()) out.choice = "none may be used";
        if (candidates_.is_panic) out.choice += "; so few are up that their states are not believed";
        choose_by_cookie(out);
    }

    void choose_by_hash(ClusterExplanation& out) {
        const config::HashKey& key = state_.config().hash;
        const std::string_view client = request_.forwarded.client_address(request_.peer, request_.head.fields);
        const std::string_view text = hashed_text(key, request_.head, request_.path, client);
        out.choice = hash_words(key, text, text.data() == client.data());
        const std::uint64_t hash = balance_hash(state_.config(), request_.head, request_.path, request_.forwarded, request_.peer);
        chosen_ = upstream::HashChoice(candidates_.list, set_->table).pick(hash, {});
    }

    /// As long as it is well, whether it takes new clients or not.
    void choose_by_cookie(ClusterExplanation& out) {
        if (state_.sticky() == nullptr) return;
        const std::optional<std::uint64_t> wanted = sticky_endpoint(state_, request_.head.fields);
        if (!wanted) {
            out.choice += "; the request has no sound cookie of this cluster, the response will set one";
            return;
        }
        const auto member = std::ranges::find_if(set_->members, [&](const upstream::Member& one) { return one.endpoint->name_hash == *wanted; });
        if (member == set_->members.end() || !member->endpoint->is_up(request_.now)) {
            out.choice += "; the endpoint of its cookie is gone or down, the response will set another";
            return;
        }
        chosen_ = static_cast<std::uint32_t>(member - set_->members.begin());
        out.choice = "its cookie leads there";
    }

    const ForwardedRequest& request_;
    upstream::ClusterState& state_;
    std::shared_ptr<const upstream::EndpointSet> set_;
    upstream::Candidates candidates_;
    std::optional<std::uint32_t> chosen_;
};

/// Before names are looked up, the configured endpoints stand for those that will be found.
void explain_names(const config::Cluster& cluster, ClusterExplanation& out, std::vector<upstream::EndpointPlace>& places) {
    double total = 0;
    std::uint32_t lowest = UINT32_MAX;
    for (const config::Endpoint& endpoint : cluster.endpoints) {
        if (!endpoint.drain) lowest = std::min(lowest, endpoint.priority);
    }
    const auto is_used = [&](const config::Endpoint& endpoint) { return !endpoint.drain && endpoint.priority == lowest; };
    for (const config::Endpoint& endpoint : cluster.endpoints) total += is_used(endpoint) ? endpoint.weight : 0;
    for (const config::Endpoint& endpoint : cluster.endpoints) {
        const std::string name = endpoint.srv.empty() ? endpoint.address.text() : endpoint.srv;
        const char* const state = endpoint.drain ? "draining" : is_name(endpoint) ? "name" : "unchecked";
        out.endpoints.push_back({.name = name, .weight = endpoint.weight, .priority = endpoint.priority, .percent = 0, .state = state, .last_error = {}});
        if (!is_used(endpoint)) continue;
        out.endpoints.back().percent = 100 * endpoint.weight / std::max(total, 1.0);
        upstream::EndpointPlace place;
        place.address = endpoint.address;
        place.authority = name;
        places.push_back(std::move(place));
    }
    out.choice = "known when the names are looked up, which the gateway does while it runs";
}

}  // namespace

ClusterExplanation explain_cluster(const ForwardedRequest& request, const ClusterPlan& cluster, std::vector<upstream::EndpointPlace>& places) {
    ClusterExplanation out;
    const config::Cluster& config = *cluster.config;
    out.name = config.name;
    out.balance = balance_names[static_cast<std::size_t>(config.balance)];
    const auto names = std::ranges::count_if(config.endpoints, is_name);
    const bool is_unknown = names > 0 && cluster.state->endpoints()->members.size() + static_cast<std::size_t>(names) <= config.endpoints.size();
    if (is_unknown && !request.is_live) {
        explain_names(config, out, places);
    } else {
        Choice(request, *cluster.state).explain(out, places);
    }
    if (upstream::Breaker* const breaker = cluster.state->breaker()) out.breaker = breaker_name(breaker->state(request.now));
    out.rules = cluster_rules(config, request.head);
    return out;
}

}  // namespace sluice::proxy
