#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include "config/model.hpp"
#include "routing/condition.hpp"
#include "routing/conflict.hpp"
#include "routing/ending.hpp"
#include "routing/methods.hpp"

namespace sluice::routing {

/// A route as it may answer one method of one resource.
struct Candidate {
    std::uint32_t route_index = 0;
    std::uint32_t first_name = 0;
    std::uint32_t first_condition = 0;
    std::uint16_t condition_count = 0;
    /// The last one of its chain.
    bool is_last = false;
};

/// All routes on one host and one pattern.
struct Resource {
    static constexpr std::uint16_t none = std::numeric_limits<std::uint16_t>::max();

    std::uint32_t first_candidate = 0;
    MethodSet allowed = 0;
    /// Per http::Method: where the chain of its candidates begins, counted from first_candidate,
    /// the preferred candidate first.
    std::array<std::uint16_t, known_methods + 1> chains{};
};

/// A route of the configuration with what the compiler knows about it already.
struct ResourceRoute {
    const config::Route* route = nullptr;
    std::uint32_t index = 0;
    MethodSet methods = 0;
    std::uint32_t first_name = 0;
};

/// Compiles resources into the arrays that the table matches with.
class ResourceCompiler {
public:
    /// The routes of one host and pattern. Conflicts between them are appended to `conflicts`; the
    /// resource is then of no use.
    [[nodiscard]] Resource compile(std::span<const ResourceRoute> routes,
                                   const MethodRegistry& methods, std::vector<Conflict>& conflicts);

    /// The resource's answer for the methods for which it is one route without conditions.
    [[nodiscard]] Ending ending_of(const Resource& resource, std::uint32_t number) const;

    std::vector<Candidate> candidates;
    std::vector<Condition> conditions;
};

}  // namespace sluice::routing
