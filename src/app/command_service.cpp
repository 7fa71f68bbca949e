#include "app/command_service.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "platform/paths.hpp"

namespace sluice::app {
namespace {

ExitCode fail_with(const Error& error, ExitCode code = ExitCode::Failed) {
    std::fprintf(stderr, "sluice: %s\n", describe(error).c_str());
    return code;
}

std::string absolute(const std::string& path) {
    std::error_code error;
    const std::filesystem::path full = std::filesystem::absolute(std::filesystem::path(std::u8string(path.begin(), path.end())), error);
    if (error) return path;
    const std::u8string text = full.u8string();
    return {text.begin(), text.end()};
}

bool has_control(const std::string& path) {
    return std::ranges::any_of(path, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

/// The file of an instance that names none.
std::string usual_config(const service::Instance& instance) {
    if (instance.name == service::Instance{}.name) return platform::default_config_file();
    return platform::config_folder() + "/" + instance.name + ".json";
}

}  // namespace

ExitCode command_service(service::Verb verb, service::Instance instance, bool is_dry_run) {
    instance.config = instance.config.empty() ? usual_config(instance) : absolute(instance.config);
    if (has_control(instance.config) || has_control(instance.binary)) {
        return fail_with(system_error("a path with control characters can't be a service's", {}), ExitCode::Usage);
    }
    const Result<std::vector<service::Step>> steps = service::steps_of(verb, instance);
    if (!steps) return fail_with(steps.error());
    if (is_dry_run) {
        for (const service::Step& step : *steps) std::printf("%s\n", step.text.c_str());
        return ExitCode::Ok;
    }
    if (const Result<void> allowed = service::check_rights(verb); !allowed) return fail_with(allowed.error(), ExitCode::NotPermitted);
    for (const service::Step& step : *steps) {
        if (const Result<void> done = step.carry_out(); !done) return fail_with(done.error());
    }
    return ExitCode::Ok;
}

}  // namespace sluice::app
