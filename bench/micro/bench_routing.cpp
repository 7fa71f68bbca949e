#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "api_routes.hpp"
#include "routing/route_table.hpp"

namespace sluice::bench {
namespace {

constexpr std::size_t path_count = 1024;

/// A table of so many routes, made once for all benchmarks that use it.
struct Routes {
    explicit Routes(std::size_t count) : routes(make_api_routes(count)), table(build()) {}

    routing::RouteTable build() const {
        auto built = routing::RouteTable::build(routes);
        if (built) return std::move(*built);
        std::fprintf(stderr, "%s\n", describe(built.error().front()).c_str());
        std::abort();
    }

    std::vector<config::Route> routes;
    routing::RouteTable table;
};

const Routes& routes_of(std::size_t count) {
    static const Routes few(200);
    static const Routes many(10000);
    return count == 200 ? few : many;
}

/// One lookup per iteration, the path another one each time.
void match(benchmark::State& state, PathKind kind) {
    const Routes& routes = routes_of(static_cast<std::size_t>(state.range(0)));
    const std::vector<std::string> paths = make_paths(routes.routes, kind, path_count);
    // Behind one another in the order of use: a real request's bytes are in the cache, just parsed.
    std::string text;
    for (const std::string& path : paths) text.append(path);
    std::vector<routing::RequestKey> keys;
    std::size_t start = 0;
    for (const std::string& path : paths) {
        const std::string_view view = std::string_view(text).substr(start, path.size());
        keys.push_back({http::Method::Get, "GET", "api.example.com", view, "", nullptr});
        start += path.size();
    }
    const auto expected =
        kind == PathKind::NotFound ? routing::Outcome::NotFound : routing::Outcome::Found;
    routing::Match found;
    for (const routing::RequestKey& key : keys) {
        if (routes.table.match(key, found) != expected) state.SkipWithError("unexpected outcome");
    }
    std::size_t next = 0;
    for (auto _ : state) {
        const routing::Outcome outcome = routes.table.match(keys[next], found);
        benchmark::DoNotOptimize(outcome);
        benchmark::ClobberMemory();
        next = (next + 1) % path_count;
    }
    state.SetItemsProcessed(state.iterations());
}

BENCHMARK_CAPTURE(match, static_path, PathKind::Static)->Arg(200)->Arg(10000);
BENCHMARK_CAPTURE(match, one_parameter, PathKind::OneParameter)->Arg(200)->Arg(10000);
BENCHMARK_CAPTURE(match, two_parameters, PathKind::TwoParameters)->Arg(200)->Arg(10000);
BENCHMARK_CAPTURE(match, not_found, PathKind::NotFound)->Arg(200)->Arg(10000);

/// What a reload pays.
void build(benchmark::State& state) {
    const Routes& routes = routes_of(static_cast<std::size_t>(state.range(0)));
    for (auto _ : state) benchmark::DoNotOptimize(routes.build());
}
BENCHMARK(build)->Arg(200)->Arg(10000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace sluice::bench

BENCHMARK_MAIN();
