#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/model.hpp"

namespace sluice::config {

/// A rule that a well-formed configuration breaks. The pointer leads to the value, or with `at_key`
/// to the key of a member.
struct Finding {
    std::string pointer;
    bool at_key = false;
    std::string message;
    std::string help;
    /// Pointer to another value that it is about; "" for none.
    std::string see = {};
};

/// Whether all cluster names of the file could be read: only then may a route be told that its
/// cluster does not exist.
enum class ClusterNames : std::uint8_t { Complete, Incomplete };

/// Checks what no single value can show: names that refer to each other, addresses that collide,
/// edits of headers that the gateway owns. Empty names and addresses were reported by the parser
/// and are skipped.
[[nodiscard]] std::vector<Finding> validate(const Config& config,
                                            ClusterNames clusters = ClusterNames::Complete);

}  // namespace sluice::config
