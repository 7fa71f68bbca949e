#include <cstdio>

#include "app/commands.hpp"
#include "app/load_config.hpp"

namespace sluice::app {

ExitCode command_check(const std::string& file) {
    std::optional<config::Config> config = load_config(file);
    if (!config) return ExitCode::ConfigInvalid;
    const std::size_t routes = config->routes.size();
    const std::size_t clusters = config->clusters.size();
    const std::size_t listeners = config->listeners.size();
    std::printf("%s is valid: %zu listeners, %zu routes, %zu clusters\n", file.c_str(), listeners, routes, clusters);
    return ExitCode::Ok;
}

}  // namespace sluice::app
