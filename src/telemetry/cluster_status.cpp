#include "telemetry/cluster_status.hpp"

#include "telemetry/prometheus_page.hpp"

namespace sluice::telemetry {
namespace {

void add_optional(JsonWriter& json, std::string_view name, const std::optional<double>& value) {
    if (value) json.member(name, *value);
}

void add_member(JsonWriter& json, const MemberStatus& member) {
    json.begin_object();
    json.member("address", member.address);
    if (member.endpoint != member.address) json.member("endpoint", member.endpoint);
    json.member("health", member.health);
    json.member("weight", member.weight);
    json.member("priority", member.priority);
    json.member("draining", member.is_draining);
    add_optional(json, "changed_seconds_ago", member.changed_seconds_ago);
    if (!member.last_error.empty()) json.member("last_error", member.last_error);
    add_optional(json, "failed_seconds_ago", member.failed_seconds_ago);
    add_optional(json, "ejected_for_seconds", member.ejected_for_seconds);
    json.member("connections", member.connections);
    json.member("waiting", member.waiting);
    if (member.is_overridden()) {
        json.begin_object("overrides");
        if (member.set_drain) json.member("drain", *member.set_drain);
        if (member.set_weight) json.member("weight", *member.set_weight);
        if (member.set_up) json.member("health", *member.set_up ? "up" : "down");
        json.end_object();
    }
    json.end_object();
}

void add_breaker(JsonWriter& json, const BreakerStatus& breaker) {
    json.begin_object("breaker");
    json.member("state", breaker.state);
    add_optional(json, "changed_seconds_ago", breaker.changed_seconds_ago);
    json.member("opened", breaker.opened);
    json.member("refused_open", breaker.refused_open);
    json.member("refused_full", breaker.refused_full);
    json.member("requests_active", breaker.requests_active);
    if (!breaker.held.empty()) json.member("held", breaker.held);
    json.end_object();
}

/// One sample per member of each cluster.
template <typename Value>
void add_members(Page& page, const std::vector<ClusterStatus>& clusters, std::string_view name, std::string_view help,
                 Value value) {
    page.family(name, "gauge", help);
    for (const ClusterStatus& cluster : clusters) {
        for (const MemberStatus& member : cluster.members) {
            page.sample({{"cluster", cluster.name}, {"address", member.address}}, value(member));
        }
    }
}

template <typename Value>
void add_breakers(Page& page, const std::vector<ClusterStatus>& clusters, std::string_view name, std::string_view type,
                  std::string_view help, Value value) {
    page.family(name, type, help);
    for (const ClusterStatus& cluster : clusters) {
        if (cluster.breaker) page.sample({{"cluster", cluster.name}}, value(*cluster.breaker));
    }
}

int breaker_number(const BreakerStatus& breaker) {
    if (breaker.state == "closed") return 0;
    return breaker.state == "open" ? 1 : 2;
}

}  // namespace

void add_cluster_status(JsonWriter& json, const ClusterStatus& cluster) {
    json.begin_array("members");
    for (const MemberStatus& member : cluster.members) add_member(json, member);
    json.end_array();
    if (cluster.breaker) add_breaker(json, *cluster.breaker);
}

std::string prometheus_clusters(const std::vector<ClusterStatus>& clusters) {
    Page page;
    add_members(page, clusters, "sluice_upstream_up", "Whether requests may be sent to an address: 1 or 0.",
                [](const MemberStatus& member) { return member.is_up() ? 1 : 0; });
    add_members(page, clusters, "sluice_upstream_ejected", "Whether an address is out of use because requests failed there.",
                [](const MemberStatus& member) { return member.ejected_for_seconds ? 1 : 0; });
    add_members(page, clusters, "sluice_upstream_waiting", "Requests that wait for a connection to an address.",
                [](const MemberStatus& member) { return member.waiting; });
    add_members(page, clusters, "sluice_upstream_overridden", "Whether an operator has set something of an address by hand.",
                [](const MemberStatus& member) { return member.is_overridden() ? 1 : 0; });
    add_breakers(page, clusters, "sluice_breaker_state", "gauge", "0 closed, 1 open, 2 half-open.", breaker_number);
    add_breakers(page, clusters, "sluice_breaker_held", "gauge", "Whether an operator holds a breaker open or closed.",
                 [](const BreakerStatus& breaker) { return breaker.held.empty() ? 0 : 1; });
    add_breakers(page, clusters, "sluice_breaker_opened_total", "counter", "How often a breaker opened.",
                 [](const BreakerStatus& breaker) { return breaker.opened; });
    add_breakers(page, clusters, "sluice_breaker_refused_total", "counter",
                 "Requests refused by a breaker: it was open, or had as many requests as it may.",
                 [](const BreakerStatus& breaker) { return breaker.refused_open + breaker.refused_full; });
    return page.take();
}

}  // namespace sluice::telemetry
