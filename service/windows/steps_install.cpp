// Install and uninstall: what the system keeps of a service.

#include <windows.h>

#include <cstdio>

#include "platform/paths.hpp"
#include "platform/wide_text.hpp"
#include "windows/event_source.hpp"
#include "windows/firewall.hpp"
#include "windows/first_config.hpp"
#include "windows/folders.hpp"
#include "windows/manager.hpp"
#include "windows/service_settings.hpp"
#include "windows/steps_of_verbs.hpp"

namespace sluice::service {
namespace {

/// What the service writes in.
constexpr const char* own_folders[] = {"logs", "state", "crashes"};

std::string folder_names() {
    std::string names;
    for (const char* const name : own_folders) names += std::string(names.empty() ? "" : ", ") + name;
    return names;
}

Result<void> make_folders() {
    const std::string root = platform::config_folder();
    Result<void> done = make_closed_folder(root);
    for (const char* const name : own_folders) {
        if (done) done = make_closed_folder(root + "\\" + name);
    }
    return done;
}

/// The account is the manager's word, because the system may not have the one that was wanted.
Result<void> grant_folders(const std::string& name) {
    const std::string root = platform::config_folder();
    const Result<std::string> account = account_of(name);
    if (!account) return fail(account.error());
    Result<void> done = grant(root, *account, FolderRight::Read);
    for (const char* const own : own_folders) {
        if (done) done = grant(root + "\\" + own, *account, FolderRight::Change);
    }
    return done;
}

Result<void> remove_service(const Instance& instance) {
    const std::string name = service_name(instance);
    const Result<bool> is_there = is_our_service(name);
    if (!is_there) return fail(is_there.error());
    if (!*is_there) {
        // Whoever takes a service down wants it gone.
        std::fprintf(stderr, "sluice: there is no service \"%s\"\n", name.c_str());
        return {};
    }
    Result<void> done = stop_step(instance).carry_out();
    return done ? delete_service(instance) : done;
}

}  // namespace

std::vector<Step> install_steps(const Instance& instance) {
    const std::string name = service_name(instance);
    const std::string root = platform::config_folder();
    return {
        {"make the folder " + root + " with " + folder_names() + " in it, closed to all but the system and administrators", make_folders},
        {"write " + instance.config + " if there is none: a listener on 127.0.0.1:8080",
         [instance] { return write_missing_file(instance.config, std::string(first_config())); }},
        {"registry: " + std::string(event_source_key) + ": EventMessageFile = " + instance.binary + ", TypesSupported = 7",
         [instance] { return add_event_source(instance.binary); }},
        {"service manager: the service " + name + ", a process of its own, delayed automatic start, account " +
             virtual_account(instance) + " (" + plain_account + " where there are no virtual accounts)\n  command line: " +
             service_command(instance),
         [instance] { return make_service(instance); }},
        {"service manager: description; at a failure start again after 1 s, 10 s and then each minute; 180 s to stop at a shutdown; no "
         "privileges",
         [instance] { return describe_service(instance); }},
        {"let the account read " + root + " and change " + folder_names() + " in it", [name] { return grant_folders(name); }},
        {"firewall: " + allow_command(name, instance.binary),
         [name, instance] { return allow_in_firewall(name, instance.binary); }},
        start_step(instance),
    };
}

std::vector<Step> uninstall_steps(const Instance& instance) {
    const std::string name = service_name(instance);
    std::vector<Step> steps{{"stop the service " + name + " and delete it (DeleteService)",
                             [instance] { return remove_service(instance); }},
                            {"firewall: " + forbid_command(name), [name] { return forbid_in_firewall(name); }}};
    // The instances share one source; it goes with the usual one.
    if (instance.name == Instance{}.name) {
        steps.push_back({"registry: delete " + std::string(event_source_key), remove_event_source});
    }
    return steps;
}

}  // namespace sluice::service
