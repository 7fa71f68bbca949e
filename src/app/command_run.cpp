#include "app/commands.hpp"
#include "app/gateway.hpp"
#include "app/load_config.hpp"
#include "app/log_setup.hpp"
#include "config/embedded.hpp"
#include "config/parse.hpp"

namespace sluice::app {
namespace {

/// The gateway's own, which a test proves to be valid.
std::optional<ConfigFile> embedded_config() {
    auto parsed = config::parse(config::default_config(1), "embedded");
    return parsed ? std::optional(ConfigFile{std::move(*parsed), {}, {}}) : std::nullopt;
}

}  // namespace

ExitCode command_run(const std::optional<std::string>& file) {
    std::optional<ConfigFile> read = file ? load_config(*file) : embedded_config();
    if (!read) return ExitCode::ConfigInvalid;
    const Log log = make_log(read->config.log);
    for (const std::string& line : read->warnings) log.warn("a setting is risky", {{"setting", line}});
    Gateway gateway(std::move(read->config), file, log);
    return gateway.run();
}

}  // namespace sluice::app
