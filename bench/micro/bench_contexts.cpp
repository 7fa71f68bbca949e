#include <benchmark/benchmark.h>

#include <vector>

#include "proxy/context_pool.hpp"

namespace sluice::bench {
namespace {

using proxy::ContextPool;
using proxy::RequestContext;
using proxy::Stage;

void acquire_release(benchmark::State& state) {
    ContextPool pool;
    for (auto _ : state) {
        RequestContext& context = pool.acquire();
        benchmark::DoNotOptimize(&context);
        pool.release(context);
    }
    state.SetItemsProcessed(state.iterations());
    state.counters["hit_rate"] = pool.hit_rate();
}
BENCHMARK(acquire_release);

/// As under load: so many requests are under way, the one that is released is not the last
/// acquired.
void acquire_release_under_load(benchmark::State& state) {
    ContextPool pool;
    std::vector<RequestContext*> under_way(static_cast<std::size_t>(state.range(0)));
    for (RequestContext*& context : under_way) context = &pool.acquire();
    std::size_t next = 0;
    for (auto _ : state) {
        pool.release(*under_way[next]);
        under_way[next] = &pool.acquire();
        if (++next == under_way.size()) next = 0;
    }
    state.SetItemsProcessed(state.iterations());
    for (RequestContext* context : under_way) pool.release(*context);
}
BENCHMARK(acquire_release_under_load)->Arg(64)->Arg(1000);

void reset(benchmark::State& state) {
    RequestContext context;
    for (auto _ : state) {
        context.add_received(1);
        context.reset();
        benchmark::DoNotOptimize(context);
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(reset);

/// A filter's state made and destroyed each time, in memory that is kept.
void reset_with_state(benchmark::State& state) {
    proxy::StateLayout layout;
    const auto slot = layout.add<std::uint64_t>();
    RequestContext context(&layout);
    for (auto _ : state) {
        benchmark::DoNotOptimize(context.state(*slot) += 1);
        context.reset();
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(reset_with_state);

void mark_stages(benchmark::State& state) {
    RequestContext context;
    TimePoint now{};
    for (auto _ : state) {
        context.begin(now);
        for (const Stage stage :
             {Stage::HeadComplete, Stage::Routed, Stage::FirstByte, Stage::Done}) {
            now += std::chrono::microseconds(3);
            context.mark(stage, now);
        }
        benchmark::DoNotOptimize(context);
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(mark_stages);

/// The memory of 100,000 contexts, and what making them costs.
void make_hundred_thousand(benchmark::State& state) {
    std::vector<RequestContext*> all(100000);
    std::size_t bytes = 0;
    for (auto _ : state) {
        ContextPool pool(all.size());
        for (RequestContext*& context : all) context = &pool.acquire();
        bytes = pool.memory_bytes();
        for (RequestContext* context : all) pool.release(*context);
    }
    state.counters["megabytes"] = static_cast<double>(bytes) / 1e6;
}
BENCHMARK(make_hundred_thousand)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace sluice::bench

BENCHMARK_MAIN();
