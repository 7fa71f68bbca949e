#include "app/cli_service.hpp"

#include <CLI/CLI.hpp>

#include "app/command_service.hpp"

namespace sluice::app {
namespace {

struct KnownVerb {
    service::Verb verb;
    const char* name;
    const char* help;
};

constexpr KnownVerb known_verbs[] = {
    {service::Verb::Install, "install", "Have the system start this binary as a service, now and at each boot"},
    {service::Verb::Uninstall, "uninstall", "Stop the service and take it out of the system; configuration and logs stay"},
    {service::Verb::Start, "start", "Start the service"},
    {service::Verb::Stop, "stop", "Stop it; running requests may finish"},
    {service::Verb::Restart, "restart", "Stop it and start it again"},
    {service::Verb::Reload, "reload", "Have it read its configuration again; nothing is dropped"},
    {service::Verb::Status, "status", "Tell whether it runs"},
    {service::Verb::Logs, "logs", "Print the latest lines of its log"},
};

/// Names go into file names and command lines.
std::string check_name(const std::string& name) {
    constexpr const char* allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    const bool is_sound = !name.empty() && name.size() <= 64 && name.front() != '-' && name.find_first_not_of(allowed) == std::string::npos;
    return is_sound ? std::string{} : "a service's name has 1 to 64 letters, digits, '-' and '_'";
}

}  // namespace

void ServiceCommands::add_to(CLI::App& app) {
    service_ = app.add_subcommand("service", "Run the gateway as a service of the system: systemd, launchd, Windows services");
    service_->require_subcommand(1);
    service_->add_option("--name", name_, "The service's name, for several on one machine")->check(CLI::Validator(check_name, "NAME"));
    service_->add_flag("--dry-run", is_dry_run_, "Print what would be done, and do nothing");
    for (const KnownVerb& known : known_verbs) {
        CLI::App* const verb = service_->add_subcommand(known.name, known.help);
        verb->fallthrough();
        verbs_.emplace_back(verb, known.verb);
    }
    verbs_.front().first->add_option("-c,--config", config_, "The service's configuration file; without it the system's usual place")->type_name("FILE");
    verbs_.front().first->add_option("--socket", sockets_, "An address that the system binds for the service, for ports below 1024 on macOS; may be repeated")
        ->type_name("ADDRESS")
        ->expected(1)
        ->take_all();
}

std::optional<ExitCode> ServiceCommands::run(const std::string& binary) const {
    for (const auto& [command, verb] : verbs_) {
        if (command->parsed()) return command_service(verb, {name_, binary, config_, sockets_}, is_dry_run_);
    }
    return std::nullopt;
}

}  // namespace sluice::app
