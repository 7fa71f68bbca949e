#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/exit_code.hpp"
#include "service/steps.hpp"

namespace CLI {
class App;
}

namespace sluice::app {

/// The commands of `sluice service`, and what they were given.
class ServiceCommands {
public:
    void add_to(CLI::App& app);
    /// Runs the one that was given; nothing when none was.
    [[nodiscard]] std::optional<ExitCode> run(const std::string& binary) const;

private:
    CLI::App* service_ = nullptr;
    std::vector<std::pair<CLI::App*, service::Verb>> verbs_;
    std::string name_ = "sluice";
    std::string config_;
    std::vector<std::string> sockets_;
    bool is_dry_run_ = false;
};

}  // namespace sluice::app
