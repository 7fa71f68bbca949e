// Carries out what `sluice service` would do on macOS, with every path below a folder, and commands found by PATH:
//   steps_player ROOT show|play VERB NAME BINARY CONFIG [SOCKET]...
//   steps_player ROOT list NAME BINARY CONFIG [SOCKET]...      prints the property list
#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "macos/job.hpp"
#include "macos/steps.hpp"

namespace {

using sluice::Result;
using sluice::service::Instance;
using sluice::service::Step;
using sluice::service::Verb;

constexpr std::pair<std::string_view, Verb> verbs[] = {
    {"install", Verb::Install}, {"uninstall", Verb::Uninstall}, {"start", Verb::Start},   {"stop", Verb::Stop},
    {"restart", Verb::Restart}, {"reload", Verb::Reload},       {"status", Verb::Status}, {"logs", Verb::Logs}};

int fail_with(const sluice::Error& error) {
    std::fprintf(stderr, "steps_player: %s\n", describe(error).c_str());
    return 1;
}

int print_list(const Instance& instance) {
    const Result<std::string> text = sluice::service::property_list_of(instance);
    if (!text) return fail_with(text.error());
    std::fputs(text->c_str(), stdout);
    return 0;
}

int go_through(const std::string& root, bool is_played, Verb verb, const Instance& instance) {
    const Result<std::vector<Step>> steps = steps_in({.root = root, .patience = std::chrono::seconds(5)}, verb, instance);
    if (!steps) return fail_with(steps.error());
    for (const Step& step : *steps) {
        if (!is_played) std::printf("%s\n", step.text.c_str());
        if (!is_played) continue;
        if (const Result<void> done = step.carry_out(); !done) return fail_with(done.error());
    }
    return 0;
}

}  // namespace

int main(int count, char** words) {
    const std::vector<std::string> given(words + 1, words + count);
    const bool is_list = given.size() > 1 && given[1] == "list";
    const std::size_t first = is_list ? 2 : 3;
    if (given.size() < first + 3) return 2;
    Instance instance{.name = given[first], .binary = given[first + 1], .config = given[first + 2]};
    for (std::size_t i = first + 3; i < given.size(); ++i) instance.sockets.push_back(given[i]);
    if (is_list) return print_list(instance);
    for (const auto& [name, verb] : verbs) {
        if (name == given[2]) return go_through(given[0], given[1] == "play", verb, instance);
    }
    return 2;
}
