#include "app/admin_upstreams.hpp"

#include <array>
#include <expected>
#include <optional>
#include <utility>

#include "app/admin_json.hpp"
#include "config/words.hpp"
#include "telemetry/json_writer.hpp"
#include "upstream/cluster_state.hpp"

namespace sluice::app {
namespace {

using proxy::LocalResponse;

constexpr std::uint32_t most_weight = 1'000'000;

template <typename T>
using Found = std::expected<T, LocalResponse>;

std::unexpected<LocalResponse> not_found(std::string_view what, std::string_view name, const std::vector<std::string>& known) {
    const std::vector<std::string_view> names(known.begin(), known.end());
    const std::string message = "no " + std::string(what) + " has the name '" + std::string(name) + "'";
    return std::unexpected(json_error(404, std::string(what) + "_unknown", message,
                                      names.empty() ? "there is none" : config::suggest(name, names)));
}

Found<std::shared_ptr<upstream::ClusterState>> find_cluster(const AdminServices& services, const std::string& name) {
    const std::shared_ptr<const proxy::Snapshot> snapshot = services.snapshot();
    std::vector<std::string> known;
    for (const proxy::ClusterPlan& plan : snapshot->clusters()) {
        if (plan.config->name == name) return plan.state;
        known.push_back(plan.config->name);
    }
    return not_found("cluster", name, known);
}

/// An address, or all those that a configured name stands for now.
Found<std::vector<upstream::Member>> find_members(const upstream::ClusterState& cluster, const std::string& name) {
    std::vector<upstream::Member> found;
    std::vector<std::string> known;
    const std::shared_ptr<const upstream::EndpointSet> set = cluster.endpoints();
    for (const upstream::Member& member : set->members) {
        known.push_back(member.endpoint->name);
        if (member.endpoint->name == name || member.endpoint->place.authority == name) found.push_back(member);
    }
    if (found.empty()) return not_found("endpoint", name, known);
    return found;
}

/// What the body asks for; members that it does not name stay as they were.
struct EndpointChange {
    bool has_drain, has_weight, has_health;
    std::optional<bool> drain;
    std::optional<std::uint32_t> weight;
    std::optional<std::size_t> health;

    explicit EndpointChange(JsonArguments& arguments)
        : has_drain(arguments.has("drain")),
          has_weight(arguments.has("weight")),
          has_health(arguments.has("health")),
          drain(arguments.flag("drain")),
          weight(arguments.number("weight", most_weight)),
          health(arguments.choice("health", {"down", "up"})) {}

    [[nodiscard]] bool is_empty() const { return !has_drain && !has_weight && !has_health; }

    void apply_to(upstream::EndpointOverride& to) const {
        if (has_drain) to.drain = drain;
        if (has_weight) to.weight = weight;
        if (has_health) to.is_up = health ? std::optional(*health == 1) : std::nullopt;
    }
};

void write_member(telemetry::JsonWriter& out, const upstream::Member& member) {
    const upstream::EndpointOverride said = member.endpoint->said.get();
    out.begin_object();
    out.member("address", member.endpoint->name);
    out.member("weight", member.weight);
    out.member("draining", member.is_draining);
    out.begin_object("overrides");
    if (said.drain) out.member("drain", *said.drain);
    if (said.weight) out.member("weight", *said.weight);
    if (said.is_up) out.member("health", *said.is_up ? "up" : "down");
    out.end_object();
    out.end_object();
}

LocalResponse endpoints_answer(const upstream::ClusterState& cluster, const std::string& name) {
    telemetry::JsonWriter out;
    out.begin_object();
    out.member("cluster", cluster.config().name);
    out.begin_array("endpoints");
    const Found<std::vector<upstream::Member>> now = find_members(cluster, name);
    if (now) {
        for (const upstream::Member& member : *now) write_member(out, member);
    }
    out.end_array();
    out.end_object();
    return json_answer(200, out.take());
}

}  // namespace

net::Task<LocalResponse> change_endpoint(const AdminServices& services, const AdminRequest& request) {
    JsonArguments arguments(request.request.body, {"drain", "weight", "health"});
    const EndpointChange change(arguments);
    if (std::optional<LocalResponse> refusal = arguments.refusal()) co_return std::move(*refusal);
    if (change.is_empty()) {
        co_return json_error(400, "body_invalid", "nothing is to be changed", "send drain, weight or health; null goes back to the configuration");
    }
    Found<std::shared_ptr<upstream::ClusterState>> cluster = find_cluster(services, request.parameters[0]);
    if (!cluster) co_return std::move(cluster.error());
    Found<std::vector<upstream::Member>> members = find_members(**cluster, request.parameters[1]);
    if (!members) co_return std::move(members.error());
    for (const upstream::Member& member : *members) {
        upstream::EndpointOverride said = member.endpoint->said.get();
        change.apply_to(said);
        member.endpoint->said.set(said);
    }
    (*cluster)->apply_overrides();
    co_return endpoints_answer(**cluster, request.parameters[1]);
}

net::Task<LocalResponse> set_breaker(const AdminServices& services, const AdminRequest& request) {
    JsonArguments arguments(request.request.body, {"state"});
    const std::optional<std::size_t> state = arguments.choice("state", {"closed", "open", "auto"});
    if (std::optional<LocalResponse> refusal = arguments.refusal()) co_return std::move(*refusal);
    if (!state) co_return json_error(400, "body_invalid", "'state' is missing", "send {\"state\": \"open\"}, or closed, or auto");
    Found<std::shared_ptr<upstream::ClusterState>> cluster = find_cluster(services, request.parameters[0]);
    if (!cluster) co_return std::move(cluster.error());
    upstream::Breaker* const breaker = (*cluster)->breaker();
    if (breaker == nullptr) {
        co_return json_error(409, "no_breaker", "the cluster has no breaker", "add 'breaker' to the cluster in the configuration");
    }
    const std::array<std::optional<upstream::BreakerState>, 3> wanted{upstream::BreakerState::Closed, upstream::BreakerState::Open,
                                                                      std::nullopt};
    breaker->force(wanted[*state], Clock::now());
    constexpr std::array<std::string_view, 3> names{"closed", "open", "auto"};
    telemetry::JsonWriter out;
    out.begin_object();
    out.member("cluster", request.parameters[0]);
    out.member("state", names[*state]);
    out.end_object();
    co_return json_answer(200, out.take());
}

}  // namespace sluice::app
