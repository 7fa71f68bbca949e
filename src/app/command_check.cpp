#include <cstdio>

#include "app/commands.hpp"
#include "app/load_config.hpp"

namespace sluice::app {

ExitCode command_check(const std::string& file, bool is_strict) {
    const std::optional<ConfigFile> read = load_config(file);
    if (!read) return ExitCode::ConfigInvalid;
    for (const std::string& line : read->warnings) std::fprintf(stderr, "%s\n", line.c_str());
    const std::size_t warnings = read->warnings.size();
    if (is_strict && warnings > 0) {
        std::fprintf(stderr, "%s: %zu %s\n", file.c_str(), warnings,
                     warnings == 1 ? "warning is an error by --strict" : "warnings are errors by --strict");
        return ExitCode::ConfigInvalid;
    }
    const config::Config& config = read->config;
    std::printf("%s is valid: %zu listeners, %zu routes, %zu clusters\n", file.c_str(), config.listeners.size(),
                config.routes.size(), config.clusters.size());
    return ExitCode::Ok;
}

}  // namespace sluice::app
