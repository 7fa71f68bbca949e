#include <cstdio>
#include <fstream>
#include <iterator>

#include "app/commands.hpp"
#include "app/gateway.hpp"
#include "app/log_setup.hpp"
#include "config/embedded.hpp"
#include "config/parse.hpp"
#include "proxy/snapshot.hpp"

namespace sluice::app {
namespace {

std::optional<config::Config> parse_or_print(const std::string& text, const std::string& file) {
    std::expected<config::Config, std::vector<config::Problem>> parsed = config::parse(text, file);
    if (parsed) return std::move(*parsed);
    for (const config::Problem& problem : parsed.error()) {
        std::fprintf(stderr, "%s\n", config::format_problem(problem).c_str());
    }
    const std::size_t count = parsed.error().size();
    std::fprintf(stderr, "%s: %zu %s\n", file.c_str(), count, count == 1 ? "error" : "errors");
    return std::nullopt;
}

/// Conflicts between routes are found by the route table, not by the parser.
bool print_route_conflicts(const config::Config& config, const std::string& file) {
    const auto table = routing::RouteTable::build(config.routes);
    if (table) return false;
    for (const routing::Conflict& conflict : table.error()) {
        const config::Position position = conflict.second ? conflict.second->position : conflict.first.position;
        std::fprintf(stderr, "%s:%u:%u: %s\n", file.c_str(), position.line, position.column, describe(conflict).c_str());
    }
    return true;
}

}  // namespace

std::optional<config::Config> load_config(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in) {
        std::fprintf(stderr, "%s: can't be read; check the path and its permissions\n", file.c_str());
        return std::nullopt;
    }
    const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    std::optional<config::Config> config = parse_or_print(text, file);
    if (config && print_route_conflicts(*config, file)) return std::nullopt;
    return config;
}

ExitCode command_run(const std::optional<std::string>& file) {
    std::optional<config::Config> config = file ? load_config(*file) : parse_or_print(config::default_config(1), "embedded");
    if (!config) return ExitCode::ConfigInvalid;
    const Log log = make_log(config->log);
    Gateway gateway(std::move(*config), file, log);
    return gateway.run();
}

}  // namespace sluice::app
