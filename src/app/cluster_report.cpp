#include "app/cluster_report.hpp"

#include <optional>

namespace sluice::app {
namespace {

double seconds_between(TimePoint from, TimePoint to) { return std::chrono::duration<double>(to - from).count(); }

std::optional<double> seconds_ago(const std::optional<TimePoint>& when, TimePoint now) {
    return when ? std::optional(seconds_between(*when, now)) : std::nullopt;
}

std::string_view health_name(upstream::Health health) {
    switch (health) {
        case upstream::Health::Up: return "up";
        case upstream::Health::Down: return "down";
        case upstream::Health::Unknown: break;
    }
    return "unchecked";
}

std::string_view state_name(upstream::BreakerState state) {
    switch (state) {
        case upstream::BreakerState::Closed: return "closed";
        case upstream::BreakerState::Open: return "open";
        case upstream::BreakerState::HalfOpen: break;
    }
    return "half_open";
}

telemetry::MemberStatus member_status(const upstream::Member& member, TimePoint now) {
    const upstream::EndpointState& endpoint = *member.endpoint;
    const upstream::HealthState::Report report = endpoint.health.report();
    telemetry::MemberStatus status;
    status.address = endpoint.name;
    status.endpoint = endpoint.place.authority;
    status.weight = member.weight;
    status.priority = member.priority;
    status.is_draining = member.is_draining;
    status.health = health_name(report.state);
    status.last_error = report.last_error;
    status.changed_seconds_ago = seconds_ago(report.changed_at, now);
    status.failed_seconds_ago = seconds_ago(report.failed_at, now);
    const std::optional<TimePoint> until = endpoint.ejection.ejected_until();
    if (until && *until > now) status.ejected_for_seconds = seconds_between(now, *until);
    status.connections = endpoint.connections();
    status.waiting = endpoint.waiting();
    const upstream::EndpointOverride said = endpoint.said.get();
    status.set_drain = said.drain;
    status.set_weight = said.weight;
    status.set_up = said.is_up;
    return status;
}

telemetry::BreakerStatus breaker_status(const upstream::Breaker& breaker, TimePoint now) {
    const std::optional<upstream::BreakerState> held = breaker.forced();
    return {state_name(breaker.state(now)),
            seconds_ago(breaker.last_change(), now),
            breaker.opened(),
            breaker.refused_open(),
            breaker.refused_full(),
            breaker.under_way(),
            held ? state_name(*held) : std::string_view{}};
}

}  // namespace

std::vector<telemetry::ClusterStatus> cluster_report(const proxy::Snapshot& snapshot, TimePoint now) {
    std::vector<telemetry::ClusterStatus> report;
    for (const proxy::ClusterPlan& plan : snapshot.clusters()) {
        telemetry::ClusterStatus cluster;
        cluster.name = plan.config->name;
        const auto set = plan.state->endpoints();
        for (const upstream::Member& member : set->members) cluster.members.push_back(member_status(member, now));
        if (const upstream::Breaker* const breaker = plan.state->breaker()) cluster.breaker = breaker_status(*breaker, now);
        report.push_back(std::move(cluster));
    }
    return report;
}

std::vector<telemetry::TlsTotals> tls_totals(const proxy::Snapshot& snapshot) {
    std::vector<telemetry::TlsTotals> all;
    for (const auto& [key, plan] : snapshot.listeners()) {
        if (!plan.tls) continue;
        const telemetry::HandshakeCounts& counts = *plan.tls->counts;
        all.push_back({plan.tls->name, counts.full.load(), counts.resumed.load(), counts.failed.load(), counts.plain_http.load(),
                       plan.tls->certificates});
    }
    return all;
}

}  // namespace sluice::app
