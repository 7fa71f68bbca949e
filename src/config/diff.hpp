#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/model.hpp"

namespace sluice::config {

/// One thing that differs between two configurations.
struct Change {
    enum class Kind : std::uint8_t { Listener, Route, Cluster, Endpoint, Limit, Setting };
    enum class What : std::uint8_t { Added, Removed, Changed };
    Kind kind = Kind::Setting;
    What what = What::Changed;
    /// "orders"; a route without a name by its match, "GET api.example.com/orders/:id"; an endpoint by its address; a limit or
    /// setting by its key, "log.level".
    std::string name;
    /// Of an endpoint.
    std::string cluster;
    /// In words: "timeout: 30s -> 10s". What is added or removed is described by what is not default.
    std::vector<std::string> details;
};

/// What a reload would change. Listeners and clusters are the same when their names are, routes when their names or else
/// their matches are, endpoints when their addresses are, within their cluster. Positions in the file, the order of keys, and
/// the order of lists where it means nothing do not count. Of secrets it says only that they changed.
[[nodiscard]] std::vector<Change> diff(const Config& before, const Config& after);

[[nodiscard]] std::string_view name_of(Change::Kind kind);
[[nodiscard]] std::string_view name_of(Change::What what);

/// "endpoint 10.0.0.5:8080 of cluster orders".
[[nodiscard]] std::string subject_of(const Change& change);

/// A line each: "route order changed: timeout: 30s -> 10s; host: keep -> endpoint".
[[nodiscard]] std::string describe(const Change& change);
[[nodiscard]] std::vector<std::string> describe(const std::vector<Change>& changes);

/// An array of objects with kind, what, name, cluster and details.
[[nodiscard]] std::string diff_json(const std::vector<Change>& changes);

}  // namespace sluice::config
