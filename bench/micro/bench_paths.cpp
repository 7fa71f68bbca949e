#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "api_routes.hpp"
#include "routing/path.hpp"

namespace sluice::bench {
namespace {

constexpr std::size_t path_count = 1024;

/// One path per iteration, another one each time. What is done to a normal path tells the cases
/// apart.
void normalise(benchmark::State& state, std::string (*spoil)(const std::string&)) {
    std::vector<std::string> paths =
        make_paths(make_api_routes(200), PathKind::TwoParameters, path_count);
    std::int64_t bytes = 0;
    for (std::string& path : paths) {
        path = spoil(path);
        bytes += static_cast<std::int64_t>(path.size());
    }
    std::string scratch;
    std::size_t next = 0;
    for (auto _ : state) {
        const auto normal = routing::normalise_path(paths[next], scratch);
        if (!normal) state.SkipWithError("refused");
        benchmark::DoNotOptimize(normal);
        next = (next + 1) % path_count;
    }
    state.SetItemsProcessed(state.iterations());
    state.SetBytesProcessed(state.iterations() * bytes / static_cast<std::int64_t>(path_count));
}

BENCHMARK_CAPTURE(
    normalise, nothing_to_do, +[](const std::string& path) { return path; });
BENCHMARK_CAPTURE(
    normalise, dot_segments, +[](const std::string& path) { return "/x/.." + path + "/./y"; });
BENCHMARK_CAPTURE(
    normalise, percent_encoded, +[](const std::string& path) { return path + "%7Euser%20name"; });

}  // namespace
}  // namespace sluice::bench

BENCHMARK_MAIN();
