#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/admin_client.hpp"
#include "app/exit_code.hpp"
#include "platform/program.hpp"

namespace CLI {
class App;
}

namespace sluice::app {

/// `sluice run`: serves until it is told to stop. Without a file: the embedded configuration. One with errors may be
/// replaced by its last good version. `program` is this process's own.
[[nodiscard]] ExitCode command_run(const std::optional<std::string>& file, bool may_use_last_good,
                                   const platform::Program& program);

/// `sluice check FILE`: prints every error, or else every warning, with its position. With `is_strict` a warning is an
/// error.
[[nodiscard]] ExitCode command_check(const std::string& file, bool is_strict);

/// `sluice routes FILE`: the routes in the order in which they are preferred.
[[nodiscard]] ExitCode command_routes(const std::string& file);

/// `sluice version`: version, poller, compiler and libraries.
[[nodiscard]] ExitCode command_version();

/// `sluice completions SHELL`: a script for the shell, made from the command line's own tree.
[[nodiscard]] ExitCode command_completions(const CLI::App& app, const std::string& shell);

/// `sluice config schema` and `sluice config docs`.
[[nodiscard]] ExitCode command_config_schema();
[[nodiscard]] ExitCode command_config_docs();

/// `sluice config show FILE`: with every default written out, secrets masked.
[[nodiscard]] ExitCode command_config_show(const std::string& file);

/// `sluice diff OLD NEW`: what is added (+), removed (-) and changed (~).
[[nodiscard]] ExitCode command_diff(const std::string& old_file, const std::string& new_file, bool as_json);

/// What `sluice explain` was given.
struct ExplainOptions {
    /// Without one the embedded configuration is asked.
    std::optional<std::string> file;
    /// METHOD and URL, or the URL alone for GET.
    std::vector<std::string> words;
    /// "name: value".
    std::vector<std::string> headers;
    std::string client = "127.0.0.1";
    bool as_json = false;
    /// A running gateway is asked, through its admin listener, instead of a file.
    bool is_live = false;
    /// Where it is.
    AdminOptions admin;
    /// A request as JSON on each line of standard input.
    bool is_batch = false;
};

/// `sluice explain`: what the gateway would do with a request.
[[nodiscard]] ExitCode command_explain(const ExplainOptions& options);

}  // namespace sluice::app
