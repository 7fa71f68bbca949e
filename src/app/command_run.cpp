#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "app/commands.hpp"
#include "app/file_sources.hpp"
#include "app/gateway.hpp"
#include "app/last_good.hpp"
#include "app/load_config.hpp"
#include "app/log_setup.hpp"
#include "config/embedded.hpp"
#include "config/parse.hpp"
#include "platform/file_rights.hpp"
#include "platform/privileges.hpp"
#include "service/events.hpp"

namespace sluice::app {
namespace {

/// The gateway's own, which a test proves to be valid.
std::optional<ConfigFile> embedded_config() {
    auto parsed = config::parse(config::default_config(1), "embedded");
    return parsed ? std::optional(ConfigFile{std::move(*parsed), {}, {}, {}}) : std::nullopt;
}

/// A file that a user has written is no order to root: not even to become that user.
std::optional<ConfigFile> load_last_good(const std::string& file) {
    const std::string kept = last_good_file(file);
    std::error_code error;
    if (!std::filesystem::exists(kept, error) || platform::is_own_file(kept)) return load_config(kept);
    const std::string reason = kept + " belongs to another user: start the gateway as that one to use it";
    std::fprintf(stderr, "sluice: --last-good: %s\n", reason.c_str());
    service::note_failure("--last-good: " + reason);
    return std::nullopt;
}

ExitCode fail_with(const char* key, const Error& error) {
    std::fprintf(stderr, "sluice: %s: %s\n", key, describe(error).c_str());
    service::note_failure(std::string(key) + ": " + describe(error));
    return ExitCode::Failed;
}

/// A reload reads the file as the user that the process is by then.
void check_file_rights(const std::optional<std::string>& file, const Log& log) {
    if (!file || std::ifstream(*file)) return;
    log.warn("the configuration can't be read by the gateway's user: reloads will fail", {{"config", *file}});
}

}  // namespace

ExitCode command_run(const std::optional<std::string>& file, bool may_use_last_good,
                     const platform::Program& program) {
    FileSources files;
    RecordingSources sources(files);
    std::optional<ConfigFile> read = file ? load_config(*file, sources) : embedded_config();
    const bool uses_last_good = !read && file && may_use_last_good;
    if (uses_last_good) read = load_last_good(*file);
    if (!read) return ExitCode::ConfigInvalid;
    if (!read->config.user.empty()) {
        if (const Result<void> changed = platform::become_user(read->config.user); !changed) return fail_with("user", changed.error());
    }
    const Result<LogSetup> setup = make_log(read->config.log);
    if (!setup) return fail_with("log.file", setup.error());
    const Log& log = setup->log;
    if (uses_last_good) {
        log.warn("the configuration has errors: its last good version is used", {{"config", *file}, {"kept", last_good_file(*file)}});
    }
    for (const std::string& line : read->warnings) log.warn("a setting is risky", {{"setting", line}});
    if (!read->config.user.empty()) check_file_rights(file, log);
    Gateway gateway(std::move(*read), sources.record(), file, program, *setup);
    return gateway.run();
}

}  // namespace sluice::app
