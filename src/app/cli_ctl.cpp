#include "app/cli_ctl.hpp"

#include <CLI/CLI.hpp>

#include "app/command_ctl.hpp"

namespace sluice::app {

void CtlCommands::add_place(CLI::App& command) {
    command.add_option("-c,--config", place_.config_file, "The gateway's configuration file, whose admin address and token are used")->type_name("FILE");
    command.add_option("--admin", place_.address, "The admin listener: 127.0.0.1:9901, unix:/run/sluice/admin.sock");
    command.add_option("--token-file", place_.token_file, "A file with the admin token")->type_name("FILE");
    command.add_option("--timeout", place_.seconds, "Seconds to wait for the answer")->check(CLI::Range(1U, 3600U));
}

void CtlCommands::add_reload(CLI::App& command) {
    command.add_flag("--dry-run", is_dry_run_, "Check everything and tell what would change, but change nothing");
}

CLI::App* CtlCommands::add_endpoint_command(CLI::App& ctl, const std::string& name, const std::string& help) {
    CLI::App* const command = ctl.add_subcommand(name, help);
    command->fallthrough();
    command->add_option("cluster", cluster_, "The cluster's name")->required();
    command->add_option("endpoint", endpoint_, "The endpoint's address, or its name in the configuration")->required();
    return command;
}

void CtlCommands::add_to(CLI::App& app) {
    reload_ = app.add_subcommand("reload", "Have a running gateway read its configuration again (the same as ctl reload)");
    add_place(*reload_);
    add_reload(*reload_);
    upgrade_ = app.add_subcommand("upgrade", "Have a running gateway start another binary, which takes over without a refused connection");
    add_place(*upgrade_);
    upgrade_->add_option("--binary", binary_, "The new binary; without it, what is by now where the running one was started from");
    upgrade_->add_option("--limit", limit_seconds_, "Seconds that it may take until it is ready")->check(CLI::Range(1U, 600U));
    ctl_ = app.add_subcommand("ctl", "Change a running gateway, or ask it, through its admin listener");
    ctl_->require_subcommand(1);
    add_place(*ctl_);
    ctl_reload_ = ctl_->add_subcommand("reload", "Have it read its configuration again");
    ctl_reload_->fallthrough();
    add_reload(*ctl_reload_);
    drain_ = add_endpoint_command(*ctl_, "drain", "Give an endpoint no new clients");
    undrain_ = add_endpoint_command(*ctl_, "undrain", "Give a draining endpoint clients again");
    weight_ = add_endpoint_command(*ctl_, "weight", "Set an endpoint's share of the requests");
    weight_->add_option("weight", weight_number_, "In proportion to the others; 0 for none")->required()->check(CLI::Range(0U, 1'000'000U));
    up_ = add_endpoint_command(*ctl_, "up", "Use an endpoint whatever checks and failures say");
    down_ = add_endpoint_command(*ctl_, "down", "Do not use an endpoint");
    auto_ = add_endpoint_command(*ctl_, "auto", "Go back to what configuration and checks say of an endpoint");
    breaker_ = ctl_->add_subcommand("breaker", "Hold a cluster's breaker open or closed, or let it decide");
    breaker_->fallthrough();
    breaker_->add_option("cluster", cluster_, "The cluster's name")->required();
    breaker_->add_option("state", state_, "open, closed or auto")->required()->check(CLI::IsMember({"open", "closed", "auto"}));
    log_level_ = ctl_->add_subcommand("log-level", "Change what is logged until the configuration changes it");
    log_level_->fallthrough();
    log_level_->add_option("level", level_, "debug, info, warn or error")->required()->check(CLI::IsMember({"debug", "info", "warn", "error"}));
    slow_ = ctl_->add_subcommand("slow", "Show recent slow requests with the times of their stages");
    slow_->fallthrough();
    slow_->add_option("--limit", limit_, "How many")->check(CLI::Range(1U, 1000U));
    slow_->add_flag("--json", wants_json_, "Print JSON");
    status_ = ctl_->add_subcommand("status", "Print its state as JSON");
    status_->fallthrough();
}

std::optional<ExitCode> CtlCommands::run() const {
    if (reload_->parsed() || ctl_reload_->parsed()) return ctl_reload(place_, is_dry_run_);
    if (upgrade_->parsed()) return ctl_upgrade(place_, binary_, limit_seconds_);
    if (!ctl_->parsed()) return std::nullopt;
    if (breaker_->parsed()) return ctl_breaker(place_, cluster_, state_);
    if (log_level_->parsed()) return ctl_log_level(place_, level_);
    if (slow_->parsed()) return ctl_slow(place_, limit_, wants_json_);
    if (status_->parsed()) return ctl_status(place_);
    return run_endpoint();
}

std::optional<ExitCode> CtlCommands::run_endpoint() const {
    const auto change = [this](std::string_view body) { return ctl_endpoint(place_, cluster_, endpoint_, body); };
    if (drain_->parsed()) return change(R"({"drain":true})");
    if (undrain_->parsed()) return change(R"({"drain":false})");
    if (up_->parsed()) return change(R"({"health":"up"})");
    if (down_->parsed()) return change(R"({"health":"down"})");
    if (auto_->parsed()) return change(R"({"drain":null,"weight":null,"health":null})");
    return change(R"({"weight":)" + std::to_string(weight_number_) + "}");
}

}  // namespace sluice::app
