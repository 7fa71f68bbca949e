#include "app/commands.hpp"
#include "app/gateway.hpp"
#include "app/load_config.hpp"
#include "app/log_setup.hpp"
#include "config/embedded.hpp"
#include "config/parse.hpp"

namespace sluice::app {
namespace {

/// The gateway's own, which a test proves to be valid.
std::optional<config::Config> embedded_config() {
    auto parsed = config::parse(config::default_config(1), "embedded");
    return parsed ? std::optional(std::move(*parsed)) : std::nullopt;
}

}  // namespace

ExitCode command_run(const std::optional<std::string>& file) {
    std::optional<config::Config> config = file ? load_config(*file) : embedded_config();
    if (!config) return ExitCode::ConfigInvalid;
    const Log log = make_log(config->log);
    Gateway gateway(std::move(*config), file, log);
    return gateway.run();
}

}  // namespace sluice::app
