#pragma once

#include <expected>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "routing/condition.hpp"
#include "routing/conflict.hpp"
#include "routing/ending.hpp"
#include "routing/host_map.hpp"
#include "routing/methods.hpp"
#include "routing/radix_tree.hpp"
#include "routing/resource.hpp"
#include "routing/static_map.hpp"

namespace sluice::routing {

/// The routes of one host. The map's numbers are places in CompiledTable::static_endings.
struct HostSet {
    StaticMap static_paths;
    RadixTree patterns;
};

/// What a RouteTable looks into.
struct CompiledTable {
    std::span<const config::Route> routes;
    HostMap hosts;
    std::vector<HostSet> sets;
    std::vector<Ending> static_endings;
    std::vector<Resource> resources;
    std::vector<Candidate> candidates;
    std::vector<Condition> conditions;
    /// Parameter names, those of one route behind one another.
    std::vector<std::string_view> names;
    MethodRegistry methods;
};

[[nodiscard]] std::expected<std::unique_ptr<const CompiledTable>, std::vector<Conflict>>
compile_table(std::span<const config::Route> routes);

}  // namespace sluice::routing
