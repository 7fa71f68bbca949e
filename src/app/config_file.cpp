#include "app/config_file.hpp"

#include <fstream>
#include <iterator>

#include "config/parse.hpp"
#include "routing/route_table.hpp"

namespace sluice::app {
namespace {

/// Conflicts between routes are found by the route table, not by the parser.
std::vector<std::string> route_conflicts(const config::Config& config, const std::string& file) {
    std::vector<std::string> lines;
    const auto table = routing::RouteTable::build(config.routes);
    if (table) return lines;
    for (const routing::Conflict& conflict : table.error()) {
        const config::Position position = conflict.second ? conflict.second->position : conflict.first.position;
        lines.push_back(file + ":" + std::to_string(position.line) + ":" + std::to_string(position.column) + ": " +
                        describe(conflict));
    }
    return lines;
}

}  // namespace

std::expected<ConfigFile, std::vector<std::string>> read_config_file(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in) return std::unexpected(std::vector{file + ": can't be read; check the path and its permissions"});
    const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    std::expected<config::Config, std::vector<config::Problem>> parsed = config::parse(text, file);
    std::vector<std::string> lines;
    if (!parsed) {
        for (const config::Problem& problem : parsed.error()) lines.push_back(config::format_problem(problem));
        return std::unexpected(std::move(lines));
    }
    lines = route_conflicts(*parsed, file);
    if (!lines.empty()) return std::unexpected(std::move(lines));
    return ConfigFile{std::move(*parsed), {file}, {}};
}

}  // namespace sluice::app
