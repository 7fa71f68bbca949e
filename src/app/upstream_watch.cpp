#include "app/upstream_watch.hpp"

#include <algorithm>
#include <future>
#include <utility>

#include "config/address.hpp"

namespace sluice::app {
namespace {

/// How long the start waits for names; requests for those that are still unknown get 503.
constexpr std::chrono::seconds first_lookup_time{5};

net::ResolverSettings settings_of(const config::Resolver& resolver) {
    net::ResolverSettings settings;
    for (const config::Address& server : resolver.servers) settings.servers.push_back(server.text());
    settings.timeout = resolver.timeout;
    settings.tries = resolver.tries;
    settings.interval = resolver.interval;
    settings.min_interval = resolver.min_interval;
    return settings;
}

std::vector<upstream::FoundEndpoint> found_in(const net::Resolution& resolution) {
    std::vector<upstream::FoundEndpoint> found;
    for (const net::ResolvedAddress& address : resolution.addresses) {
        const bool is_ipv6 = address.literal.contains(':');
        found.push_back({{is_ipv6 ? config::Address::Kind::Ipv6 : config::Address::Kind::Ipv4, address.literal, address.port},
                         address.weight, address.priority});
    }
    return found;
}

}  // namespace

UpstreamWatch::UpstreamWatch(const Log& log, std::uint64_t seed) : log_(log), worker_(0, seed) {}

UpstreamWatch::~UpstreamWatch() { stop(); }

bool UpstreamWatch::is_of(const proxy::Snapshot& snapshot, const ClusterPtr& cluster) {
    return std::ranges::find(snapshot.clusters(), cluster, &proxy::ClusterPlan::state) != snapshot.clusters().end();
}

void UpstreamWatch::watch_names(Watched& watched) {
    const ClusterPtr& cluster = watched.cluster;
    const std::vector<config::Endpoint>& endpoints = cluster->config().endpoints;
    for (std::uint32_t i = 0; i < endpoints.size(); ++i) {
        const config::Endpoint& endpoint = endpoints[i];
        const bool is_srv = !endpoint.srv.empty();
        if (!is_srv && endpoint.address.kind != config::Address::Kind::Name) continue;
        const net::Query query = is_srv ? net::Query{net::Query::Kind::Srv, endpoint.srv, 0}
                                        : net::Query{net::Query::Kind::Host, endpoint.address.host, endpoint.address.port};
        watched.names.push_back(resolver_->watch(
            query, [this, cluster, i](const net::Resolution& resolution) { on_resolution(cluster, i, resolution); }));
    }
}

void UpstreamWatch::on_resolution(const ClusterPtr& cluster, std::uint32_t configured, const net::Resolution& resolution) {
    const config::Endpoint& endpoint = cluster->config().endpoints[configured];
    const std::string& name = endpoint.srv.empty() ? endpoint.address.host : endpoint.srv;
    if (!resolution.error.empty()) {
        // What was known stays in use.
        if (!failing_.insert(name).second) return;
        log_.warn("a name can't be looked up", {{"cluster", cluster->config().name}, {"name", name}, {"reason", resolution.error}});
        return;
    }
    if (failing_.erase(name) != 0) log_.info("a name can be looked up again", {{"cluster", cluster->config().name}, {"name", name}});
    if (!cluster->replace(configured, found_in(resolution))) return;
    log_.info("a name has new addresses", {{"cluster", cluster->config().name}, {"name", name},
                                           {"addresses", std::to_string(resolution.addresses.size())}});
    worker_.post([this, cluster] { follow(cluster); });
}

/// A lookup that was under way when its cluster left may tell of new addresses afterwards: nobody would end their checks.
void UpstreamWatch::follow(const ClusterPtr& cluster) {
    if (checker_ && checked_ && is_of(*checked_, cluster)) checker_->follow(cluster);
}

void UpstreamWatch::begin() {
    if (std::exchange(is_running_, true)) return;
    worker_.start([this] { checker_ = std::make_unique<proxy::HealthChecker>(worker_, log_); });
}

void UpstreamWatch::prepare(const proxy::Snapshot& snapshot) {
    begin();
    const config::Resolver& settings = snapshot.config().resolver;
    const bool is_new_resolver = resolver_ == nullptr || resolver_config_ != settings;
    if (is_new_resolver) {
        // Other name servers: every name is asked for anew, and what is known stays until then.
        if (resolver_) resolver_->stop();
        for (Watched& watched : watched_) watched.names.clear();
        resolver_ = std::make_unique<net::Resolver>(settings_of(settings));
        resolver_config_ = settings;
        resolver_->start();
    }
    for (const proxy::ClusterPlan& plan : snapshot.clusters()) {
        auto watched = std::ranges::find(watched_, plan.state, &Watched::cluster);
        if (watched != watched_.end() && !is_new_resolver) continue;
        if (watched == watched_.end()) watched = watched_.insert(watched_.end(), Watched{plan.state, {}});
        watch_names(*watched);
    }
    resolver_->wait_first(first_lookup_time);
}

void UpstreamWatch::apply(const std::shared_ptr<const proxy::Snapshot>& snapshot) {
    std::vector<ClusterPtr> gone;
    for (const Watched& watched : watched_) {
        if (is_of(*snapshot, watched.cluster)) continue;
        for (const net::Resolver::Watch name : watched.names) resolver_->unwatch(name);
        gone.push_back(watched.cluster);
    }
    std::erase_if(watched_, [&](const Watched& watched) { return !is_of(*snapshot, watched.cluster); });
    worker_.post([this, snapshot, gone = std::move(gone)] {
        checked_ = snapshot;
        for (const proxy::ClusterPlan& plan : snapshot->clusters()) follow(plan.state);
        for (const ClusterPtr& cluster : gone) {
            const proxy::ClusterPlan* const plan = snapshot->find_cluster(cluster->config().name);
            checker_->leave(*cluster, plan != nullptr ? plan->state : nullptr);
        }
    });
}

void UpstreamWatch::stop() {
    if (!std::exchange(is_running_, false)) return;
    if (resolver_) resolver_->stop();
    std::promise<void> ended;
    worker_.post([this, &ended] { checker_->stop([&ended] { ended.set_value(); }); });
    ended.get_future().wait();
    worker_.post([this] {
        checker_.reset();
        checked_.reset();
        worker_.stop();
    });
    worker_.join();
}

}  // namespace sluice::app
