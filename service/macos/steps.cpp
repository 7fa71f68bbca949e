#include "macos/steps.hpp"

#include <unistd.h>

#include <system_error>
#include <thread>

#include "macos/account.hpp"
#include "macos/job.hpp"
#include "posix/run_command.hpp"
#include "posix/system_file.hpp"

namespace sluice::service {
namespace {

using Steps = std::vector<Step>;
using std::chrono::steady_clock;

bool is_there(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

/// launchctl(1) prints all it knows about a job; that it knows the job is what we want.
bool is_loaded(const std::string& target) {
    return run_command({"sh", "-c", "launchctl print \"$0\" >/dev/null 2>&1", target}).has_value();
}

Step removal(const std::string& path) {
    return {"remove " + path, [path] { return remove_system_file(path); }};
}

Step writing(const std::string& path, const std::string& text) {
    return {"write " + path + ":\n" + text, [path, text] { return write_system_file(path, text); }};
}

Step step_of(std::vector<std::string> command) {
    std::string text = command_line(command);
    return {std::move(text), [command = std::move(command)] { return run_command(command); }};
}

/// bootout may return while the job still drains ("Operation now in progress"), and a job can't be loaded until it is gone.
Result<void> unload(const std::string& target, std::chrono::milliseconds patience) {
    if (!is_loaded(target)) return {};
    const Result<void> told = run_command({"launchctl", "bootout", target});
    for (const auto limit = steady_clock::now() + patience; is_loaded(target);) {
        if (steady_clock::now() >= limit) {
            return told ? fail(system_error(target + " does not end", std::make_error_code(std::errc::timed_out))) : told;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    return {};
}

/// Right after a bootout launchd may say "Input/output error" although it no longer knows the job.
Result<void> bootstrap(const std::string& list) {
    for (int attempts_left = 4;; --attempts_left) {
        Result<void> done = run_command({"launchctl", "bootstrap", "system", list});
        if (done || attempts_left == 0) return done;
        std::this_thread::sleep_for(std::chrono::milliseconds(500));
    }
}

/// A job that has ended by itself is loaded still, and does not run.
Result<void> load(const std::string& target, const std::string& list) {
    if (!is_there(list)) {
        return fail(system_error(list + " is missing: 'sluice service install' makes it",
                                 std::make_error_code(std::errc::no_such_file_or_directory)));
    }
    if (!is_loaded(target)) {
        if (Result<void> done = bootstrap(list); !done) return done;
    }
    return run_command({"launchctl", "kickstart", target});
}

class Verbs {
public:
    Verbs(const Surroundings& surroundings, const Instance& instance)
        : surroundings_(surroundings), instance_(instance), target_(target_of(instance)), list_(at(property_list_path(instance))) {}

    [[nodiscard]] Result<Steps> install() const;
    [[nodiscard]] Steps uninstall() const {
        return {stop(),
                removal(list_),
                removal(at(rotation_path(instance_))),
                removal(at(pid_path(instance_)))};
    }
    [[nodiscard]] Step start() const {
        return {command_line({"launchctl", "bootstrap", "system", list_}) + "  # unless it is loaded\n" +
                    command_line({"launchctl", "kickstart", target_}),
                [target = target_, list = list_] { return load(target, list); }};
    }
    [[nodiscard]] Step stop() const {
        return {command_line({"launchctl", "bootout", target_}) + "  # if it is loaded; then wait until it has ended",
                [target = target_, patience = surroundings_.patience] { return unload(target, patience); }};
    }
    [[nodiscard]] Step reload() const { return step_of({"launchctl", "kill", "SIGHUP", target_}); }
    [[nodiscard]] Step status() const { return step_of({"launchctl", "print", target_}); }
    [[nodiscard]] Step logs() const { return step_of({"tail", "-n", "100", at(log_path(instance_))}); }

private:
    [[nodiscard]] std::string at(const std::string& path) const { return surroundings_.root + path; }
    [[nodiscard]] Steps log_files() const;
    [[nodiscard]] Step folder(const char* group, const char* mode, const std::string& path) const {
        return step_of({"install", "-d", "-o", std::string(job_account), "-g", group, "-m", mode, at(path)});
    }

    const Surroundings& surroundings_;
    const Instance& instance_;
    std::string target_;
    std::string list_;
};

/// Before launchd makes them, so that they are the service's own, which has to be able to open them again.
Steps Verbs::log_files() const {
    Steps steps;
    for (const std::string& path : {at(log_path(instance_)), at(output_path(instance_))}) {
        if (is_there(path)) continue;
        steps.push_back(step_of({"install", "-o", std::string(job_account), "-g", "admin", "-m", "0640", "/dev/null", path}));
    }
    return steps;
}

Result<Steps> Verbs::install() const {
    const Result<std::string> text = property_list_of(instance_);
    if (!text) return fail(text.error());
    Result<Steps> account = steps_to_make_account();
    if (!account) return account;
    Steps steps = std::move(*account);
    // As the service, which has to be able to read it: a configuration with errors would make it start again and again.
    steps.push_back(step_of({"sudo", "-u", std::string(job_account), instance_.binary, "check", instance_.config}));
    const std::string own_group(job_account);
    // A new file has the group of its folder: administrators may read logs.
    steps.push_back(folder("admin", "0750", "/Library/Logs/Sluice"));
    steps.push_back(folder(own_group.c_str(), "0750", "/Library/Application Support/Sluice"));
    steps.push_back(folder(own_group.c_str(), "0755", std::string(run_folder)));
    for (Step& step : log_files()) steps.push_back(std::move(step));
    // launchd reads it only when nobody but root can write it.
    steps.push_back(writing(list_, *text));
    // Ours to begin with; how often and how many is the administrator's to change.
    if (!is_there(at(rotation_path(instance_)))) {
        steps.push_back(step_of({"install", "-d", "-m", "0755", at("/etc/newsyslog.d")}));
        steps.push_back(writing(at(rotation_path(instance_)), rotation_of(instance_)));
    }
    // One that runs already has to read the new property list.
    steps.push_back(stop());
    steps.push_back(step_of({"launchctl", "enable", target_}));
    steps.push_back(start());
    return steps;
}

}  // namespace

Result<Steps> steps_in(const Surroundings& surroundings, Verb verb, const Instance& instance) {
    const Verbs verbs(surroundings, instance);
    switch (verb) {
        case Verb::Install: return verbs.install();
        case Verb::Uninstall: return verbs.uninstall();
        case Verb::Start: return Steps{verbs.start()};
        case Verb::Stop: return Steps{verbs.stop()};
        // "launchctl kickstart -k" would send SIGKILL, and cut what runs.
        case Verb::Restart: return Steps{verbs.stop(), verbs.start()};
        case Verb::Reload: return Steps{verbs.reload()};
        case Verb::Status: return Steps{verbs.status()};
        case Verb::Logs: return Steps{verbs.logs()};
    }
    return fail(system_error("this verb", std::make_error_code(std::errc::function_not_supported)));
}

}  // namespace sluice::service
