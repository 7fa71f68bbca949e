#include "app/cli.hpp"

#include <CLI/CLI.hpp>
#include <iostream>
#include <optional>
#include <string>

#include "app/cli_plan.hpp"
#include "app/cli_ctl.hpp"
#include "app/cli_service.hpp"
#include "app/commands.hpp"
#include "platform/paths.hpp"
#include "platform/program.hpp"
#include "service/host.hpp"

namespace sluice::app {
namespace {

constexpr const char* footer = R"(Examples:
  sluice run                       start with the embedded configuration on 127.0.0.1:8080
  sluice run -c gateway.json       start with your own
  sluice check gateway.json        find every error before it matters
  sluice routes gateway.json       see which route wins
  sluice config show gateway.json  see every default
  sluice diff old.json new.json    see what a change changes
  sluice explain -c gateway.json GET https://api.example.com/orders/7 -H 'X-Canary: 1'
                                   see what becomes of a request, and why
  sluice reload                    have the running gateway take its changed file
  sluice ctl drain api 10.0.0.5:80 take an endpoint out of service

Exit codes:
  0  success, or stopped after every request had finished
  1  the gateway failed to start or to go on; diff: the files differ
  2  wrong command line
  3  the configuration has errors
  4  a listening address can't be bound
  5  stopped, but the drain time ended before all requests did
  6  stopped at once by a second signal
  7  service: the rights for it are missing

Documentation: docs/configuration.md, docs/operations.md)";

/// The commands and what they were given.
struct CommandLine {
    CLI::App app{"Sluice, a native API gateway for Windows, macOS and Linux", "sluice"};
    CLI::App* run = nullptr;
    CLI::App* check = nullptr;
    CLI::App* routes = nullptr;
    CLI::App* version = nullptr;
    CLI::App* schema = nullptr;
    CLI::App* docs = nullptr;
    CLI::App* completions = nullptr;
    std::optional<std::string> run_file;
    bool run_last_good = false;
    std::string check_file;
    bool check_strict = false;
    std::string routes_file;
    std::string completions_shell;
    PlanCommands plan;
    CtlCommands ctl;
    ServiceCommands service;

    CommandLine() {
        app.footer(footer);
        app.require_subcommand(1);
        // On Windows too a path that begins with / is a path.
        app.allow_windows_style_options(false);
        run = app.add_subcommand("run", "Serve until told to stop (Ctrl-C, SIGTERM)");
        CLI::Option* const file = run->add_option("-c,--config", run_file, "Configuration file; without it the embedded one is used")->type_name("FILE");
        run->add_flag("--last-good", run_last_good, "When the file has errors, start with the last version that was in force")
            ->needs(file);
        check = app.add_subcommand("check", "Check a configuration file and print every error and warning");
        check->add_option("file", check_file, "Configuration file")->type_name("FILE")->required();
        check->add_flag("--strict", check_strict, "Make warnings errors");
        routes = app.add_subcommand("routes", "List the routes of a file in the order in which they are preferred");
        routes->add_option("file", routes_file, "Configuration file")->type_name("FILE")->required();
        ctl.add_to(app);
        service.add_to(app);
        version = app.add_subcommand("version", "Print the version and the poller in use");
        CLI::App* config = app.add_subcommand("config", "Describe the configuration");
        config->require_subcommand(1);
        schema = config->add_subcommand("schema", "Print the JSON Schema of the file, for editors");
        docs = config->add_subcommand("docs", "Print the reference of every key, as Markdown");
        completions = app.add_subcommand("completions", "Print a script that teaches a shell to complete this command line");
        completions->add_option("shell", completions_shell, "The shell")
            ->required()
            ->check(CLI::IsMember({"bash", "zsh", "fish", "powershell"}));
        plan.add_to(app, *config);
    }
};

ExitCode dispatch(const CommandLine& line, const platform::Program& program) {
    if (line.run->parsed()) {
        const auto run = [&] { return static_cast<int>(command_run(line.run_file, line.run_last_good, program)); };
        return static_cast<ExitCode>(service::run_hosted(run));
    }
    if (line.check->parsed()) return command_check(line.check_file, line.check_strict);
    if (line.routes->parsed()) return command_routes(line.routes_file);
    if (line.schema->parsed()) return command_config_schema();
    if (line.docs->parsed()) return command_config_docs();
    if (line.completions->parsed()) return command_completions(line.app, line.completions_shell);
    if (const std::optional<ExitCode> done = line.plan.run()) return *done;
    if (const std::optional<ExitCode> code = line.ctl.run()) return *code;
    if (const std::optional<ExitCode> code = line.service.run(platform::executable_path())) return *code;
    return command_version();
}

}  // namespace

ExitCode run_cli(int argc, char** argv) {
    const platform::Program program = platform::program_of(argc, argv);
    CommandLine line;
    // CLI11 reports by exception; this is its one edge.
    try {
        line.app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        const int code = line.app.exit(error, std::cout, std::cerr);
        return code == 0 ? ExitCode::Ok : ExitCode::Usage;
    }
    return dispatch(line, program);
}

}  // namespace sluice::app
