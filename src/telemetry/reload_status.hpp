#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::telemetry {

class JsonWriter;

/// Which configuration is in force, and how reloads ended.
struct ReloadStatus {
    /// Counts the configurations since the start; 1 is the first.
    std::uint64_t generation = 0;
    /// When the one in force was taken; milliseconds since 1970.
    std::int64_t loaded_milliseconds = 0;
    std::uint64_t accepted = 0;
    std::uint64_t refused = 0;
    /// The last reload: when it ended (0: there was none), and why nothing changed if it was refused.
    std::int64_t ended_milliseconds = 0;
    bool was_accepted = true;
    std::vector<std::string> problems;
};

/// As members of the object that is being written: "configuration".
void add_reload_status(JsonWriter& json, const ReloadStatus& status);

/// In Prometheus' text format.
[[nodiscard]] std::string prometheus_reloads(const ReloadStatus& status);

}  // namespace sluice::telemetry
