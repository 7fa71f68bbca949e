#include <cstdio>

#include "app/commands.hpp"
#include "app/load_config.hpp"
#include "config/effective.hpp"
#include "config/schema.hpp"

namespace sluice::app {

ExitCode command_config_schema() {
    std::fputs(config::config_json_schema().c_str(), stdout);
    return ExitCode::Ok;
}

ExitCode command_config_docs() {
    std::fputs(config::configuration_page().c_str(), stdout);
    return ExitCode::Ok;
}

ExitCode command_config_show(const std::string& file) {
    const std::optional<ConfigFile> read = load_config(file);
    if (!read) return ExitCode::ConfigInvalid;
    std::fputs(config::effective_json(read->config).c_str(), stdout);
    return ExitCode::Ok;
}

}  // namespace sluice::app
