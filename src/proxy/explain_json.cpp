#include "proxy/explain.hpp"
#include "telemetry/json_writer.hpp"

namespace sluice::proxy {
namespace {

using telemetry::JsonWriter;

void write_lines(JsonWriter& json, std::string_view name, const std::vector<std::string>& lines) {
    json.begin_array(name);
    for (const std::string& line : lines) json.member({}, line);
    json.end_array();
}

void write_pairs(JsonWriter& json, std::string_view name, const std::vector<NameAndValue>& pairs) {
    json.begin_array(name);
    for (const auto& [key, value] : pairs) {
        json.begin_object();
        json.member("name", key);
        json.member("value", value);
        json.end_object();
    }
    json.end_array();
}

void write_request(JsonWriter& json, const Explanation& explanation) {
    json.begin_object("request");
    json.member("method", explanation.method);
    json.member("url", explanation.url);
    json.member("host", explanation.host);
    json.member("client", explanation.client);
    json.member("trusted", explanation.is_trusted);
    json.end_object();
    json.begin_array("listeners");
    for (const ListenerExplanation& listener : explanation.listeners) {
        json.begin_object();
        json.member("name", listener.name);
        json.member("address", listener.address);
        json.member("has_port", listener.has_port);
        json.end_object();
    }
    json.end_array();
    json.begin_object("path");
    json.member("sent", explanation.path.sent);
    if (!explanation.path.normal.empty()) json.member("normal", explanation.path.normal);
    write_lines(json, "steps", explanation.path.steps);
    json.end_object();
}

void write_routes(JsonWriter& json, const Explanation& explanation) {
    if (explanation.route) {
        const RouteExplanation& route = *explanation.route;
        json.begin_object("route");
        json.member("name", route.name);
        json.member("match", route.match);
        if (route.line != 0) json.member("line", route.line);
        write_lines(json, "why", route.why);
        write_pairs(json, "params", route.params);
        write_lines(json, "limits", explanation.limits);
        json.end_object();
    }
    json.begin_array("others");
    for (const OtherRoute& other : explanation.others) {
        json.begin_object();
        json.member("name", other.name);
        json.member("match", other.match);
        json.member("reason", other.reason);
        json.member("why_not", other.why_not);
        json.end_object();
    }
    json.end_array();
}

void write_answer(JsonWriter& json, const AnswerExplanation& answer) {
    json.begin_object("answer");
    if (answer.status) json.member("status", *answer.status);
    json.member("words", answer.words);
    write_pairs(json, "headers", answer.fields);
    json.end_object();
}

void write_endpoint(JsonWriter& json, const EndpointExplanation& endpoint, bool is_live) {
    json.begin_object();
    json.member("address", endpoint.name);
    json.member("weight", endpoint.weight);
    json.member("priority", endpoint.priority);
    json.member("percent", endpoint.percent);
    json.member("state", endpoint.state);
    if (is_live) {
        json.member("connections", endpoint.connections);
        json.member("waiting", endpoint.waiting);
        if (!endpoint.last_error.empty()) json.member("last_error", endpoint.last_error);
    }
    json.end_object();
}

void write_clusters(JsonWriter& json, const Explanation& explanation) {
    json.begin_array("clusters");
    for (const ClusterExplanation& cluster : explanation.clusters) {
        json.begin_object();
        json.member("name", cluster.name);
        json.member("percent", cluster.percent);
        json.member("balance", cluster.balance);
        if (cluster.endpoint) json.member("endpoint", *cluster.endpoint);
        json.member("choice", cluster.choice);
        json.begin_array("endpoints");
        for (const EndpointExplanation& endpoint : cluster.endpoints) write_endpoint(json, endpoint, explanation.is_live);
        json.end_array();
        if (!cluster.breaker.empty()) json.member("breaker", cluster.breaker);
        write_lines(json, "rules", cluster.rules);
        json.end_object();
    }
    json.end_array();
    if (!explanation.mirror) return;
    json.begin_object("mirror");
    json.member("cluster", explanation.mirror->cluster);
    json.member("percent", explanation.mirror->percent);
    json.member("words", explanation.mirror->words);
    json.end_object();
}

void write_upstream(JsonWriter& json, const UpstreamExplanation& upstream) {
    json.begin_object("upstream");
    json.member("request_line", upstream.request_line);
    json.member("path", upstream.path);
    json.member("host", upstream.host);
    if (!upstream.protocol.empty()) json.member("protocol", upstream.protocol);
    json.begin_array("headers");
    for (const FieldExplanation& field : upstream.fields) {
        json.begin_object();
        json.member("name", field.name);
        json.member("value", field.value);
        json.member("what", field.what);
        json.member("by", field.by);
        json.end_object();
    }
    json.end_array();
    write_lines(json, "response", upstream.response);
    json.end_object();
}

}  // namespace

std::string explanation_json(const Explanation& explanation) {
    JsonWriter json;
    json.begin_object();
    json.member("live", explanation.is_live);
    write_request(json, explanation);
    write_answer(json, explanation.answer);
    write_routes(json, explanation);
    write_clusters(json, explanation);
    if (explanation.upstream) write_upstream(json, *explanation.upstream);
    json.end_object();
    return json.take();
}

}  // namespace sluice::proxy
