#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "config/model.hpp"
#include "http/message.hpp"

namespace sluice::routing {

struct RequestKey;

/// One thing besides host and path that must hold for a route to be taken.
///
/// Lifetime: views into the configuration.
struct Condition {
    enum class Kind : std::uint8_t { Method, Header, Query };
    Kind kind = Kind::Header;
    bool has_value = false;
    http::FieldId id = http::FieldId::Other;
    std::string_view name;
    std::string_view value;
};

/// Method: the request's method name, in the same case. Header: the first field of that name, its
/// value compared byte by byte. Query: the first parameter of that name, both percent-decoded ('+'
/// is a space), so that an encoding can't slip past a condition.
[[nodiscard]] bool holds(const Condition& condition, const RequestKey& key) noexcept;

/// The value of the first query parameter of that name, still encoded; "" for one without '='.
[[nodiscard]] std::optional<std::string_view> find_query_value(std::string_view query, std::string_view name);

/// A route's header and query conditions.
[[nodiscard]] std::vector<Condition> compile_conditions(const config::Match& match);

/// No request fulfils both routes' conditions: they want different values of one header or
/// parameter.
[[nodiscard]] bool are_disjoint(const config::Match& a, const config::Match& b);

}  // namespace sluice::routing
