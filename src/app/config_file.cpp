#include "app/config_file.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "app/file_sources.hpp"
#include "app/tls_check.hpp"
#include "config/load.hpp"
#include "routing/route_table.hpp"

namespace sluice::app {
namespace {

/// Counted in its own file.
std::size_t place_in_file(const std::vector<config::Route>& routes, std::uint32_t index) {
    const auto is_of_same_file = [&](const config::Route& route) {
        return route.position.file == routes[index].position.file;
    };
    return static_cast<std::size_t>(std::count_if(routes.begin(), routes.begin() + index, is_of_same_file));
}

/// Conflicts between routes are found by the route table, not by the parser.
std::vector<config::Problem> describe_all(const std::vector<routing::Conflict>& conflicts, const config::Config& config) {
    std::vector<config::Problem> problems;
    for (const routing::Conflict& conflict : conflicts) {
        const routing::RouteReference& route = conflict.second ? *conflict.second : conflict.first;
        const std::string pointer = config::pointer_to("/routes", place_in_file(config.routes, route.index));
        problems.push_back({config.files[route.position.file], route.position, pointer, describe(conflict, config.files), {}});
    }
    std::ranges::stable_sort(problems, {}, [](const config::Problem& problem) {
        return std::tuple(problem.position.file, problem.position.line, problem.position.column);
    });
    return problems;
}

using Format = std::string (*)(const config::Problem&);

std::vector<std::string> format_all(const std::vector<config::Problem>& problems, Format format) {
    std::vector<std::string> lines;
    for (const config::Problem& problem : problems) lines.push_back(format(problem));
    return lines;
}

}  // namespace

std::expected<ConfigFile, std::vector<std::string>> read_config_file(const std::string& file,
                                                                     config::Sources& sources) {
    auto loaded = config::load(file, sources, check_tls);
    if (!loaded) return std::unexpected(format_all(loaded.error(), config::format_problem));
    auto routes = routing::RouteTable::build(loaded->config.routes);
    if (!routes) return std::unexpected(format_all(describe_all(routes.error(), loaded->config), config::format_problem));
    return ConfigFile{std::move(loaded->config), std::move(*routes), std::move(loaded->files),
                      format_all(loaded->warnings, config::format_warning)};
}

std::expected<ConfigFile, std::vector<std::string>> read_config_file(const std::string& file) {
    FileSources sources;
    return read_config_file(file, sources);
}

}  // namespace sluice::app
