#include "app/commands.hpp"
#include "app/file_sources.hpp"
#include "app/gateway.hpp"
#include "app/last_good.hpp"
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

ExitCode command_run(const std::optional<std::string>& file, bool may_use_last_good,
                     const platform::Program& program) {
    FileSources files;
    RecordingSources sources(files);
    std::optional<ConfigFile> read = file ? load_config(*file, sources) : embedded_config();
    const bool uses_last_good = !read && file && may_use_last_good;
    if (uses_last_good) read = load_config(last_good_file(*file));
    if (!read) return ExitCode::ConfigInvalid;
    const Log log = make_log(read->config.log);
    if (uses_last_good) {
        log.warn("the configuration has errors: its last good version is used", {{"config", *file}, {"kept", last_good_file(*file)}});
    }
    for (const std::string& line : read->warnings) log.warn("a setting is risky", {{"setting", line}});
    Gateway gateway(std::move(read->config), sources.record(), file, program, log);
    return gateway.run();
}

}  // namespace sluice::app
