#include "service/steps.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "linux/unit_file.hpp"
#include "posix/run_command.hpp"
#include "posix/system_file.hpp"

namespace sluice::service {
namespace {

constexpr std::string_view users_file = "/sysusers.d/sluice.conf";
/// What ProtectHome= and PrivateTmp= hide from the service.
constexpr std::array<std::string_view, 5> hidden_folders{"/home/", "/root/", "/run/user/", "/tmp/", "/var/tmp/"};

std::string unit_of(const Instance& instance) { return instance.name + ".service"; }
std::string our_place(const Instance& instance) { return "/etc/systemd/system/" + unit_of(instance); }
std::string place_of_packages(const Instance& instance) { return "/usr/lib/systemd/system/" + unit_of(instance); }

Step command(std::vector<std::string> argv) {
    std::string text = command_line(argv);
    return {std::move(text), [argv = std::move(argv)] { return run_command(argv); }};
}

Step writing(const std::string& path, std::string text) {
    std::string shown = "write " + path + ":\n";
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        shown += (end == at ? "" : "    ") + text.substr(at, end - at) + "\n";
        at = end + 1;
    }
    return {std::move(shown), [path, text = std::move(text)] { return write_system_file(path, text); }};
}

Result<void> check_that_systemd_runs() {
    struct stat facts {};
    // sd_booted(3).
    if (::lstat("/run/systemd/system", &facts) == 0 && S_ISDIR(facts.st_mode)) return {};
    return fail(system_error("this machine was not started by systemd, and Sluice knows no other service manager of Linux: run "
                             "`sluice run` under the one that is there",
                             {}));
}

Result<void> check_that_service_sees(const Instance& instance) {
    for (const std::string* const path : {&instance.binary, &instance.config}) {
        for (const std::string_view folder : hidden_folders) {
            if (!path->starts_with(folder)) continue;
            return fail(system_error("services don't see what is below " + std::string(folder) + ": move " + *path +
                                         ", to /usr/local/bin or /etc/sluice for one",
                                     {}));
        }
    }
    return {};
}

bool is_there(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

/// A unit of that name that is not ours must not be touched.
Result<void> check_owner(const Instance& instance) {
    for (const std::string& place : {our_place(instance), place_of_packages(instance)}) {
        const std::optional<std::string> text = read_system_file(place);
        if (!text || is_our_unit(*text)) continue;
        return fail(system_error(place + " is not a service of Sluice: choose another --name", {}));
    }
    return {};
}

/// The package has brought the unit: nothing is to be written.
Result<std::vector<Step>> enable_package(const Instance& instance, const std::string& unit) {
    if (read_system_file(place_of_packages(instance)) != unit_text(instance)) {
        return fail(system_error("the service \"" + instance.name + "\" is the package's, which runs another binary or configuration: "
                                     "choose another --name",
                                 {}));
    }
    std::vector<Step> steps;
    steps.push_back(command({"systemctl", "enable", "--now", unit}));
    return steps;
}

Result<std::vector<Step>> install(const Instance& instance, const std::string& unit) {
    if (is_there(place_of_packages(instance))) return enable_package(instance, unit);
    std::vector<Step> steps;
    if (!is_there("/usr/lib" + std::string(users_file))) steps.push_back(writing("/etc" + std::string(users_file), std::string(users_text())));
    steps.push_back(command({"systemd-sysusers", "sluice.conf"}));
    // As the service: it has to be able to read what it is given.
    steps.push_back(command({"runuser", "-u", service_user, "--", instance.binary, "check", instance.config}));
    steps.push_back(writing(our_place(instance), unit_text(instance)));
    steps.push_back(command({"systemctl", "daemon-reload"}));
    steps.push_back(command({"systemctl", "enable", "--now", unit}));
    auto first = std::move(steps.front().carry_out);
    steps.front().carry_out = [instance, first = std::move(first)] {
        const Result<void> seen = check_that_service_sees(instance);
        return seen ? first() : seen;
    };
    return steps;
}

std::vector<Step> uninstall(const Instance& instance, const std::string& unit) {
    std::vector<Step> steps;
    steps.push_back(command({"systemctl", "disable", "--now", unit}));
    const std::string file = our_place(instance);
    if (!is_there(file)) return steps;
    steps.push_back({"remove " + file, [file] { return remove_system_file(file); }});
    steps.push_back(command({"systemctl", "daemon-reload"}));
    return steps;
}

Result<std::vector<Step>> steps_of_verb(Verb verb, const Instance& instance) {
    const std::string unit = unit_of(instance);
    switch (verb) {
        case Verb::Install: return install(instance, unit);
        case Verb::Uninstall: return uninstall(instance, unit);
        case Verb::Start: return std::vector{command({"systemctl", "start", unit})};
        case Verb::Stop: return std::vector{command({"systemctl", "stop", unit})};
        case Verb::Restart: return std::vector{command({"systemctl", "restart", unit})};
        case Verb::Reload: return std::vector{command({"systemctl", "reload", unit})};
        case Verb::Status: return std::vector{command({"systemctl", "status", "--no-pager", unit})};
        case Verb::Logs: return std::vector{command({"journalctl", "-u", unit, "-n", "100", "--no-pager"})};
    }
    return std::vector<Step>{};
}

}  // namespace

Result<std::vector<Step>> steps_of(Verb verb, const Instance& instance) {
    if (!instance.sockets.empty()) return fail(system_error("--socket is for launchd: a socket unit does that here, see docs/install-linux.md", {}));
    if (const Result<void> owned = check_owner(instance); !owned) return fail(owned.error());
    Result<std::vector<Step>> steps = steps_of_verb(verb, instance);
    if (!steps || steps->empty()) return steps;
    // Not before something is done: what would be done can be shown everywhere.
    auto first = std::move(steps->front().carry_out);
    steps->front().carry_out = [first = std::move(first)] {
        const Result<void> runs = check_that_systemd_runs();
        return runs ? first() : runs;
    };
    return steps;
}

Result<void> check_rights(Verb verb) {
    if (verb == Verb::Status || verb == Verb::Logs || ::geteuid() == 0) return {};
    return fail(system_error("only root may change services: run it with sudo", {}));
}

}  // namespace sluice::service
