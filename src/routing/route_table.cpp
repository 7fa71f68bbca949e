#include "routing/route_table.hpp"

#include <utility>

#include "routing/compiled_table.hpp"

namespace sluice::routing {
namespace {

bool all_hold(const CompiledTable& table, const Candidate& candidate,
              const RequestKey& key) noexcept {
    for (std::uint32_t i = 0; i < candidate.condition_count; ++i) {
        if (!holds(table.conditions[candidate.first_condition + i], key)) return false;
    }
    return true;
}

/// One request's way through the table.
class Matcher {
public:
    Matcher(const CompiledTable& table, const RequestKey& key, Match& out) noexcept
        : table_(table), key_(key), out_(out) {}

    [[nodiscard]] bool search(const HostSet& set) noexcept {
        out_.params.clear();
        const std::uint32_t fixed = set.static_paths.find(key_.path);
        if (fixed != StaticMap::none && choose(table_.static_endings[fixed])) return true;
        return set.patterns.walk(key_.path, out_.params,
                                 [this](const Ending& ending) noexcept { return choose(ending); });
    }

    [[nodiscard]] Outcome refuse() noexcept {
        if (allowed_ == 0) return Outcome::NotFound;
        const MethodSet method = table_.methods.find(key_.method, key_.method_name);
        if ((allowed_ & method) != 0) return Outcome::NotFound;
        out_.allow = table_.methods.text_of(allowed_);
        return Outcome::MethodNotAllowed;
    }

private:
    /// The path is this pattern's: takes its first route for the method whose conditions hold.
    [[nodiscard]] bool choose(const Ending& ending) noexcept {
        if ((ending.methods >> static_cast<std::uint32_t>(key_.method) & 1U) != 0) {
            take(ending.route_index, ending.first_name);
            return true;
        }
        return choose_from(table_.resources[ending.resource]);
    }

    /// Rarely needed: kept out of the walk, which is short of registers.
    [[nodiscard, gnu::noinline]] bool choose_from(const Resource& resource) noexcept {
        const std::uint16_t chain = resource.chains[static_cast<std::size_t>(key_.method)];
        const Candidate* candidate = chain == Resource::none
                                         ? nullptr
                                         : &table_.candidates[resource.first_candidate + chain];
        while (candidate != nullptr && !all_hold(table_, *candidate, key_)) {
            candidate = candidate->is_last ? nullptr : candidate + 1;
        }
        if (candidate == nullptr) {
            allowed_ |= resource.allowed;
            return false;
        }
        take(candidate->route_index, candidate->first_name);
        return true;
    }

    void take(std::uint32_t route_index, std::uint32_t first_name) noexcept {
        out_.route = table_.routes.data() + route_index;
        out_.route_index = route_index;
        out_.params.name_them(table_.names.data() + first_name);
    }

    const CompiledTable& table_;
    const RequestKey& key_;
    Match& out_;
    /// What the resources that the path matched are for.
    MethodSet allowed_ = 0;
};

}  // namespace

RouteTable::RouteTable(std::unique_ptr<const CompiledTable> compiled)
    : compiled_(std::move(compiled)) {}
RouteTable::RouteTable(RouteTable&&) noexcept = default;
RouteTable& RouteTable::operator=(RouteTable&&) noexcept = default;
RouteTable::~RouteTable() = default;

std::expected<RouteTable, std::vector<Conflict>> RouteTable::build(
    std::span<const config::Route> routes) {
    auto compiled = compile_table(routes);
    if (!compiled) return std::unexpected(std::move(compiled.error()));
    return RouteTable(std::move(*compiled));
}

Outcome RouteTable::match(const RequestKey& key, Match& out) const noexcept {
    const CompiledTable& table = *compiled_;
    Matcher matcher(table, key, out);
    // Without host names in the configuration there is one set, and the request's host is not
    // looked at.
    const std::uint32_t only = table.hosts.only_set();
    const bool found = only != StaticMap::none
                           ? matcher.search(table.sets[only])
                           : table.hosts.visit(key.host, [&](std::uint32_t set) noexcept {
                                 return matcher.search(table.sets[set]);
                             });
    return found ? Outcome::Found : matcher.refuse();
}

std::span<const config::Route> RouteTable::routes() const noexcept {
    return compiled_->routes;
}

}  // namespace sluice::routing
