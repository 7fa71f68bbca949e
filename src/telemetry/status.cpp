#include "telemetry/status.hpp"

#include <numeric>

#include "telemetry/json_writer.hpp"

namespace sluice::telemetry {
namespace {

void add_workers(JsonWriter& json, const MetricTotals& totals) {
    json.begin_array("workers");
    for (std::size_t i = 0; i < totals.workers.size(); ++i) {
        const WorkerTotals& worker = totals.workers[i];
        json.begin_object();
        json.member("worker", i);
        json.member("connections", worker.connections);
        json.member("accepted", worker.accepted);
        json.member("requests_active", worker.requests);
        json.member("upgraded_active", worker.tunnels);
        json.member("upgraded", worker.tunnels_opened);
        json.end_object();
    }
    json.end_array();
}

void add_listeners(JsonWriter& json, const StatusFacts& facts) {
    json.begin_array("listeners");
    for (const ListenerStatus& listener : facts.listeners) {
        json.begin_object();
        json.member("name", listener.name);
        json.member("address", listener.address);
        json.end_object();
    }
    json.end_array();
}

void add_endpoint(JsonWriter& json, const EndpointTotals& endpoint) {
    json.begin_object();
    json.member("address", endpoint.label.endpoint);
    json.member("requests", endpoint.requests);
    json.member("dialed", endpoint.dialed);
    json.member("reused", endpoint.reused);
    json.member("retries", endpoint.retries);
    json.member("connect_failures", endpoint.connect_failures);
    json.member("timeouts", endpoint.timeouts);
    json.member("resets", endpoint.resets);
    json.member("bad_responses", endpoint.bad_responses);
    json.member("connections_active", endpoint.active);
    json.member("connections_idle", endpoint.idle);
    json.end_object();
}

/// Endpoints of one cluster may stand apart after a reload; each cluster is still written once.
void add_clusters(JsonWriter& json, const MetricTotals& totals, const std::vector<ClusterStatus>& states) {
    json.begin_array("clusters");
    std::vector<bool> is_written(totals.endpoints.size(), false);
    for (std::size_t i = 0; i < totals.endpoints.size(); ++i) {
        if (is_written[i]) continue;
        const std::string& cluster = totals.endpoints[i].label.cluster;
        json.begin_object();
        json.member("name", cluster);
        json.begin_array("endpoints");
        for (std::size_t j = i; j < totals.endpoints.size(); ++j) {
            if (is_written[j] || totals.endpoints[j].label.cluster != cluster) continue;
            is_written[j] = true;
            add_endpoint(json, totals.endpoints[j]);
        }
        json.end_array();
        for (const ClusterStatus& state : states) {
            if (state.name == cluster) add_cluster_status(json, state);
        }
        json.end_object();
    }
    json.end_array();
}

void add_requests(JsonWriter& json, const MetricTotals& totals) {
    std::uint64_t count = 0;
    for (const RouteTotals& route : totals.routes) {
        count += std::accumulate(route.statuses.begin(), route.statuses.end(), std::uint64_t{0});
    }
    json.begin_object("requests");
    json.member("total", count);
    json.member("active", totals.requests());
    json.member("received_bytes", totals.received_bytes);
    json.member("sent_bytes", totals.sent_bytes);
    json.begin_object("refused");
    for (std::size_t i = 0; i < error_codes; ++i) {
        if (totals.refused[i] > 0)
            json.member(name_of(static_cast<ErrorCode>(i)), totals.refused[i]);
    }
    json.end_object();
    json.end_object();
}

void add_contexts(JsonWriter& json, const ContextTotals& contexts) {
    json.begin_object("contexts");
    json.member("hits", contexts.hits);
    json.member("misses", contexts.misses);
    json.member("overflows", contexts.overflows);
    json.member("hit_rate", contexts.hit_rate());
    json.end_object();
}

}  // namespace

std::string status_document(const StatusFacts& facts, const MetricTotals& totals) {
    JsonWriter json;
    json.begin_object();
    json.member("version", facts.process.version);
    json.member("poller", facts.process.poller);
    json.member("pid", facts.process.pid);
    json.member("state", facts.is_draining ? "draining" : "serving");
    json.member("uptime_seconds", facts.uptime_seconds);
    json.member("config", facts.config);
    add_reload_status(json, facts.reload);
    json.member("resident_bytes", facts.process.resident_bytes);
    json.member("open_handles", facts.process.open_handles);
    json.member("connections", totals.connections());
    add_requests(json, totals);
    add_workers(json, totals);
    add_listeners(json, facts);
    add_clusters(json, totals, facts.clusters);
    add_contexts(json, totals.contexts);
    json.member("access_log_dropped", totals.log_drops);
    json.end_object();
    return json.take();
}

}  // namespace sluice::telemetry
