#include <benchmark/benchmark.h>

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "upstream/balancer.hpp"
#include "upstream/hash.hpp"
#include "upstream/sticky_cookie.hpp"

namespace sluice::bench {
namespace {

using config::Balance;
using upstream::Candidate;
using upstream::EndpointLoad;
using upstream::NamedWeight;

constexpr std::uint64_t seed = 1;

/// Endpoints of equal weights, or of weights from 1 to 5, none busy.
struct Cluster {
    std::vector<std::string> names;
    std::vector<NamedWeight> named;
    std::deque<EndpointLoad> loads;
    std::vector<const EndpointLoad*> pointers;
    std::vector<Candidate> candidates;

    Cluster(std::size_t count, bool is_weighted) {
        for (std::uint32_t i = 0; i < count; ++i) {
            const std::uint32_t weight = is_weighted ? 1 + i % 5 : 1;
            names.push_back("10.0." + std::to_string(i / 256) + "." + std::to_string(i % 256) + ":8080");
            pointers.push_back(&loads.emplace_back());
            candidates.push_back({i, weight});
        }
        for (const Candidate& candidate : candidates) named.emplace_back(names[candidate.endpoint], candidate.weight);
    }
};

void measure_picks(benchmark::State& state, Balance balance, const Cluster& cluster,
                   std::span<const Candidate> candidates, std::span<const std::uint32_t> avoid = {}) {
    upstream::Balancer balancer(balance, seed);
    balancer.use(candidates, cluster.pointers,
                 balance == Balance::Hash ? upstream::make_maglev(cluster.named) : nullptr);
    Random keys(seed);
    for (auto _ : state) benchmark::DoNotOptimize(balancer.pick({keys.next(), avoid}));
    state.SetItemsProcessed(state.iterations());
}

void pick(benchmark::State& state, Balance balance, bool is_weighted) {
    const Cluster cluster(static_cast<std::size_t>(state.range(0)), is_weighted);
    measure_picks(state, balance, cluster, cluster.candidates);
}
BENCHMARK_CAPTURE(pick, round_robin, Balance::RoundRobin, false)->Arg(3)->Arg(100)->Arg(10000);
BENCHMARK_CAPTURE(pick, round_robin_weighted, Balance::RoundRobin, true)->Arg(3)->Arg(100)->Arg(10000);
BENCHMARK_CAPTURE(pick, least_request, Balance::LeastRequest, true)->Arg(3)->Arg(100)->Arg(10000);
BENCHMARK_CAPTURE(pick, random, Balance::Random, true)->Arg(3)->Arg(100)->Arg(10000);
BENCHMARK_CAPTURE(pick, hash, Balance::Hash, true)->Arg(3)->Arg(100)->Arg(10000);

/// A second try, with one endpoint to avoid.
void pick_another(benchmark::State& state, Balance balance) {
    const Cluster cluster(static_cast<std::size_t>(state.range(0)), true);
    const std::vector<std::uint32_t> tried{1};
    measure_picks(state, balance, cluster, cluster.candidates, tried);
}
BENCHMARK_CAPTURE(pick_another, round_robin_weighted, Balance::RoundRobin)->Arg(3)->Arg(100)->Arg(10000);
BENCHMARK_CAPTURE(pick_another, least_request, Balance::LeastRequest)->Arg(3)->Arg(100)->Arg(10000);
BENCHMARK_CAPTURE(pick_another, random, Balance::Random)->Arg(3)->Arg(100)->Arg(10000);
BENCHMARK_CAPTURE(pick_another, hash, Balance::Hash)->Arg(3)->Arg(100)->Arg(10000);

/// Only so many of a hundred endpoints are up.
void pick_hash_few_up(benchmark::State& state) {
    const Cluster cluster(100, false);
    const std::span<const Candidate> all(cluster.candidates);
    measure_picks(state, Balance::Hash, cluster, all.first(static_cast<std::size_t>(state.range(0))));
}
BENCHMARK(pick_hash_few_up)->Arg(50)->Arg(10)->Arg(1);

/// What a change of the endpoints' states costs each worker.
void use(benchmark::State& state, Balance balance) {
    const Cluster cluster(static_cast<std::size_t>(state.range(0)), true);
    const auto table = upstream::make_maglev(cluster.named);
    upstream::Balancer balancer(balance, seed);
    for (auto _ : state) balancer.use(cluster.candidates, cluster.pointers, table);
}
BENCHMARK_CAPTURE(use, round_robin, Balance::RoundRobin)->Arg(3)->Arg(100)->Arg(10000)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(use, least_request, Balance::LeastRequest)
    ->Arg(3)
    ->Arg(100)
    ->Arg(10000)
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(use, random, Balance::Random)->Arg(3)->Arg(100)->Arg(10000)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(use, hash, Balance::Hash)->Arg(3)->Arg(100)->Arg(10000)->Unit(benchmark::kMicrosecond);

/// What a change of the set of endpoints costs, once for all workers.
void make_table(benchmark::State& state, bool is_weighted) {
    const Cluster cluster(static_cast<std::size_t>(state.range(0)), is_weighted);
    for (auto _ : state) benchmark::DoNotOptimize(upstream::make_maglev(cluster.named));
}
BENCHMARK_CAPTURE(make_table, equal, false)->Arg(3)->Arg(100)->Arg(10000)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(make_table, weighted, true)->Arg(3)->Arg(100)->Arg(10000)->Unit(benchmark::kMillisecond);

void hash_text(benchmark::State& state) {
    const std::string text(static_cast<std::size_t>(state.range(0)), 'a');
    for (auto _ : state) benchmark::DoNotOptimize(upstream::hash_text(text));
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(hash_text)->Arg(12)->Arg(100);

void read_sticky_cookie(benchmark::State& state) {
    const upstream::StickyCookie cookies("a secret of the gateway's");
    const std::string value = cookies.make("10.0.0.5:8080");
    for (auto _ : state) benchmark::DoNotOptimize(cookies.endpoint_hash(value));
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(read_sticky_cookie);

}  // namespace
}  // namespace sluice::bench

BENCHMARK_MAIN();
