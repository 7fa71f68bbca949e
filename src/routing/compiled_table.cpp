#include "routing/compiled_table.hpp"

#include <map>
#include <string>
#include <utility>

#include "routing/pattern.hpp"

namespace sluice::routing {
namespace {

/// The routes of one host and one shape of pattern.
struct Group {
    /// The first route's; all have the same shape.
    Pattern pattern;
    std::vector<ResourceRoute> routes;
};

using Groups = std::map<std::string, Group>;

class TableCompiler {
public:
    explicit TableCompiler(std::span<const config::Route> routes)
        : table_(std::make_unique<CompiledTable>()) {
        table_->routes = routes;
    }

    std::expected<std::unique_ptr<const CompiledTable>, std::vector<Conflict>> run() {
        // First every route, so that the registry of methods is complete before anything points
        // into it.
        for (std::uint32_t i = 0; i < table_->routes.size(); ++i) group(table_->routes[i], i);
        std::vector<std::pair<std::string, std::uint32_t>> hosts;
        for (const auto& [host, groups] : hosts_) {
            hosts.emplace_back(host, static_cast<std::uint32_t>(table_->sets.size()));
            table_->sets.push_back(compile_set(groups));
        }
        write_allow_texts();
        if (!conflicts_.empty()) return std::unexpected(std::move(conflicts_));
        table_->hosts = HostMap(hosts);
        table_->candidates = std::move(resources_.candidates);
        table_->conditions = std::move(resources_.conditions);
        return std::move(table_);
    }

private:
    void refuse(std::uint32_t index, std::string reason) {
        conflicts_.push_back(
            {reference_to(table_->routes[index], index), std::nullopt, std::move(reason)});
    }

    /// Checks one route and puts it beside those with the same host and shape.
    void group(const config::Route& route, std::uint32_t index) {
        auto host = parse_host(route.match.host);
        if (!host) refuse(index, std::move(host.error()));
        auto pattern = parse_pattern(route.match.path);
        if (!pattern) refuse(index, std::move(pattern.error()));
        const auto methods = table_->methods.add(route.match.methods);
        if (!methods)
            refuse(index, "too many different methods that are not of RFC 9110 in all routes");
        if (!host || !pattern || !methods) return;
        if (!pattern->is_static() && pattern->segments.size() > max_segments) {
            return refuse(index,
                          "the path has more than " + std::to_string(max_segments) + " segments");
        }
        const auto first_name = static_cast<std::uint32_t>(table_->names.size());
        table_->names.insert(table_->names.end(), pattern->names.begin(), pattern->names.end());
        Group& group = hosts_[*host][pattern->shape()];
        if (group.routes.empty()) group.pattern = std::move(*pattern);
        group.routes.push_back({&route, index, *methods, first_name});
    }

    HostSet compile_set(const Groups& groups) {
        std::vector<std::pair<std::string, std::uint32_t>> static_paths;
        std::vector<RadixTree::Item> patterns;
        for (const auto& [shape, group] : groups) {
            const auto number = static_cast<std::uint32_t>(table_->resources.size());
            table_->resources.push_back(
                resources_.compile(group.routes, table_->methods, conflicts_));
            const Ending ending = resources_.ending_of(table_->resources.back(), number);
            if (group.pattern.is_static()) {
                static_paths.emplace_back(
                    shape, static_cast<std::uint32_t>(table_->static_endings.size()));
                table_->static_endings.push_back(ending);
            } else {
                patterns.push_back({&group.pattern, ending});
            }
        }
        return {StaticMap(static_paths), RadixTree(patterns)};
    }

    void write_allow_texts() {
        std::vector<MethodSet> sets;
        for (const Resource& resource : table_->resources) sets.push_back(resource.allowed);
        if (table_->methods.write_texts(sets)) return;
        const std::size_t last = table_->routes.size() - 1;
        refuse(static_cast<std::uint32_t>(last),
               "the routes name too many combinations of methods");
    }

    std::unique_ptr<CompiledTable> table_;
    std::map<std::string, Groups> hosts_;
    ResourceCompiler resources_;
    std::vector<Conflict> conflicts_;
};

}  // namespace

std::expected<std::unique_ptr<const CompiledTable>, std::vector<Conflict>> compile_table(
    std::span<const config::Route> routes) {
    return TableCompiler(routes).run();
}

}  // namespace sluice::routing
