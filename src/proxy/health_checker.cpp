#include "proxy/health_checker.hpp"

#include <algorithm>
#include <utility>

#include "net/worker.hpp"
#include "proxy/health_request.hpp"
#include "upstream/health_check_plan.hpp"

namespace sluice::proxy {

void HealthChecker::Check::end() {
    is_ended = true;
    // Each ends at most one wait; the coroutine then sees that it is to end.
    if (pause.end()) return;
    if (connection != nullptr) connection->abort();
}

void HealthChecker::follow(const std::shared_ptr<upstream::ClusterState>& cluster) {
    if (!cluster->config().health_check || on_ended_) return;
    const auto set = cluster->endpoints();
    std::vector<Check*> gone;
    for (Check& check : checks_) {
        const bool is_member = cluster->has(*check.endpoint);
        if (check.cluster == cluster) {
            if (!is_member) gone.push_back(&check);
        } else if (is_member) {
            if (check.cluster->config().health_check != cluster->config().health_check) gone.push_back(&check);
            check.cluster = cluster;
            // What came of checks meanwhile was told to the one before.
            cluster->touch();
        }
    }
    for (Check* const check : gone) check->end();
    for (const upstream::Member& member : set->members) {
        const auto is_same = [&](const Check& check) { return check.endpoint == member.endpoint && !check.is_ended; };
        if (std::ranges::any_of(checks_, is_same)) continue;
        checks_.emplace_back(worker_.timers(), cluster, member.endpoint);
        net::spawn(run(std::prev(checks_.end())));
    }
}

void HealthChecker::leave(const upstream::ClusterState& cluster, const std::shared_ptr<upstream::ClusterState>& successor) {
    std::vector<Check*> gone;
    for (Check& check : checks_) {
        if (check.cluster.get() != &cluster) continue;
        check.forgets = true;
        check.successor = successor;
        gone.push_back(&check);
    }
    for (Check* const check : gone) check->end();
}

void HealthChecker::stop(std::function<void()> on_ended) {
    on_ended_ = std::move(on_ended);
    if (checks_.empty()) {
        on_ended_();
        return;
    }
    std::vector<Check*> all;
    for (Check& check : checks_) all.push_back(&check);
    for (Check* const check : all) check->end();
}

net::Task<void> HealthChecker::run(Place place) {
    Check& check = *place;
    while (!check.is_ended) {
        const std::string flaw = co_await check_once(check);
        if (check.is_ended) break;
        record(check, flaw);
        const config::HealthCheck& settings = *check.cluster->config().health_check;
        const TimePoint next = worker_.now() + upstream::next_check(settings, worker_.random());
        co_await check.pause.until(next);
    }
    if (check.forgets) check.endpoint->health.forget();
    if (check.successor) check.successor->touch();
    checks_.erase(place);
    if (checks_.empty() && on_ended_) on_ended_();
}

net::Task<std::string> HealthChecker::check_once(Check& check) {
    const TimePoint deadline = worker_.now() + check.cluster->config().health_check->timeout;
    HealthConnection connection(worker_, check.cluster, check.endpoint);
    check.connection = &connection;
    std::string flaw = co_await ask(check, connection, deadline);
    co_await connection.close();
    check.connection = nullptr;
    co_return flaw;
}

net::Task<std::string> HealthChecker::ask(Check& check, HealthConnection& connection, TimePoint deadline) {
    // Another may take the cluster's place meanwhile.
    const std::shared_ptr<upstream::ClusterState> cluster = check.cluster;
    const config::HealthCheck& settings = *cluster->config().health_check;
    const Result<void> dialed = co_await connection.dial(check.session, deadline);
    if (!dialed) co_return reason_of(dialed.error());
    if (settings.type == config::HealthCheck::Type::Tcp) co_return std::string{};
    const Result<UpstreamLink*> link = co_await connection.begin(deadline);
    if (!link) co_return reason_of(link.error());
    const Result<std::string> flaw = co_await ask_health(**link, settings, check.endpoint->place, deadline);
    if (flaw) co_return *flaw;
    if (connection.is_late()) co_return reason_of(net::timed_out());
    co_return reason_of(flaw.error());
}

void HealthChecker::record(Check& check, const std::string& flaw) {
    // Arguments are made in any order: what is moved into one can't be looked at for another.
    const bool has_passed = flaw.empty();
    const bool has_changed = check.cluster->record_check(*check.endpoint, has_passed, flaw, worker_.now());
    if (!has_changed) return;
    const std::string& cluster = check.cluster->config().name;
    if (has_passed) {
        log_.info("endpoint is up", {{"cluster", cluster}, {"endpoint", check.endpoint->name}});
    } else {
        log_.warn("endpoint is down", {{"cluster", cluster}, {"endpoint", check.endpoint->name}, {"reason", flaw}});
    }
}

}  // namespace sluice::proxy
