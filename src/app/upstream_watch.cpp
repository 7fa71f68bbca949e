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

UpstreamWatch::UpstreamWatch(std::shared_ptr<const proxy::Snapshot> snapshot, const Log& log, std::uint64_t seed)
    : snapshot_(std::move(snapshot)), log_(log), resolver_(settings_of(snapshot_->config().resolver)), worker_(0, seed) {
    for (const proxy::ClusterPlan& cluster : snapshot_->clusters()) watch_names(cluster.state);
}

UpstreamWatch::~UpstreamWatch() { stop(); }

void UpstreamWatch::watch_names(const ClusterPtr& cluster) {
    const std::vector<config::Endpoint>& endpoints = cluster->config().endpoints;
    for (std::uint32_t i = 0; i < endpoints.size(); ++i) {
        const config::Endpoint& endpoint = endpoints[i];
        const bool is_srv = !endpoint.srv.empty();
        if (!is_srv && endpoint.address.kind != config::Address::Kind::Name) continue;
        const net::Query query = is_srv ? net::Query{net::Query::Kind::Srv, endpoint.srv, 0}
                                        : net::Query{net::Query::Kind::Host, endpoint.address.host, endpoint.address.port};
        resolver_.watch(query, [this, cluster, i](const net::Resolution& resolution) { on_resolution(cluster, i, resolution); });
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

void UpstreamWatch::follow(const ClusterPtr& cluster) {
    if (checker_) checker_->follow(cluster);
}

void UpstreamWatch::start() {
    is_running_ = true;
    worker_.start([this] {
        checker_ = std::make_unique<proxy::HealthChecker>(worker_, log_);
        for (const proxy::ClusterPlan& cluster : snapshot_->clusters()) follow(cluster.state);
    });
    resolver_.start();
    resolver_.wait_first(first_lookup_time);
}

void UpstreamWatch::stop() {
    if (!std::exchange(is_running_, false)) return;
    resolver_.stop();
    std::promise<void> ended;
    worker_.post([this, &ended] { checker_->stop([&ended] { ended.set_value(); }); });
    ended.get_future().wait();
    worker_.post([this] {
        checker_.reset();
        worker_.stop();
    });
    worker_.join();
}

}  // namespace sluice::app
