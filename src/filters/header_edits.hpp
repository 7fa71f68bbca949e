#pragma once

#include <cstdint>
#include <vector>

#include "config/model.hpp"
#include "http/message.hpp"

namespace sluice::filters {

/// The header edits of a route, prepared so that applying them looks nothing up and allocates
/// nothing once the field list is warm.
///
/// Threading: immutable.
/// Lifetime:  names and values are views into the configuration, which outlives it and the edited
/// message.
class HeaderEdits {
public:
    HeaderEdits() = default;
    explicit HeaderEdits(const config::HeaderEdits& edits);

    /// Remove, set, add, in this order. `set` takes the place of every field of that name.
    void apply(http::Fields& fields) const {
        if (!empty()) edit(fields);
    }

    [[nodiscard]] bool empty() const { return dropped_.empty() && appended_.empty(); }

private:
    void edit(http::Fields& fields) const;
    [[nodiscard]] bool drops(const http::Field& field) const;

    /// Names of `remove` and `set`.
    std::vector<std::string_view> dropped_;
    /// A bit per dropped name, by length and first letter: most fields are passed over with one
    /// look.
    std::uint64_t dropped_bits_ = 0;
    /// Fields of `set` and `add`.
    http::Fields appended_;
};

}  // namespace sluice::filters
