#include "app/cli_plan.hpp"

#include <CLI/CLI.hpp>

#include "app/commands.hpp"

namespace sluice::app {

void PlanCommands::add_to(CLI::App& app, CLI::App& config) {
    show_ = config.add_subcommand("show", "Print the configuration in force, every default written out, secrets masked");
    show_->add_option("file", show_file_, "Configuration file")->type_name("FILE")->required();
    diff_ = app.add_subcommand("diff", "Tell what a change of the configuration changes; exits with 1 when something");
    diff_->add_option("old", old_file_, "Configuration file as it was")->type_name("FILE")->required();
    diff_->add_option("new", new_file_, "Configuration file as it will be")->type_name("FILE")->required();
    diff_->add_flag("--json", diff_json_, "Print JSON");
    add_explain(app);
}

void PlanCommands::add_explain(CLI::App& app) {
    ExplainOptions& options = explain_options_;
    explain_ = app.add_subcommand("explain", "Tell what would be done with a request, and why");
    explain_->add_option("-c,--config", options.file, "Configuration file; without it the embedded one is asked")->type_name("FILE");
    explain_->add_option("request", options.words, "METHOD and URL, or a URL for GET")->expected(0, 2);
    explain_->add_option("-H,--header", options.headers, "A header of the request, 'name: value'; may be given again")->allow_extra_args(false);
    explain_->add_flag("--live", options.is_live, "Ask the running gateway: states of breakers and endpoints are told too");
    explain_->add_option("--admin", options.admin.address, "With --live: its admin listener");
    explain_->add_option("--token-file", options.admin.token_file, "With --live: a file with its admin token")->type_name("FILE");
    explain_->add_option("--client", options.client, "The client's address, or unix");
    explain_->add_flag("--json", options.as_json, "Print JSON");
    explain_->add_flag("--batch", options.is_batch, "Read requests from standard input, a JSON object on each line, and answer likewise");
}

std::optional<ExitCode> PlanCommands::run() const {
    if (show_->parsed()) return command_config_show(show_file_);
    if (diff_->parsed()) return command_diff(old_file_, new_file_, diff_json_);
    if (explain_->parsed()) return command_explain(explain_options_);
    return std::nullopt;
}

}  // namespace sluice::app
