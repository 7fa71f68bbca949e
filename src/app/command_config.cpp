#include <cstdio>

#include "app/commands.hpp"
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

}  // namespace sluice::app
