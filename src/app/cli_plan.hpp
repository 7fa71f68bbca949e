#pragma once

#include <optional>
#include <string>

#include "app/commands.hpp"
#include "app/exit_code.hpp"

namespace CLI {
class App;
}

namespace sluice::app {

/// The commands that tell beforehand what a configuration means: `config show`, `diff` and `explain`.
///
/// Lifetime: outlives the parsing of the command line.
class PlanCommands {
public:
    /// `config` is the command that `show` belongs to.
    void add_to(CLI::App& app, CLI::App& config);

    /// Runs the one that was asked for; nullopt when it was none of them.
    [[nodiscard]] std::optional<ExitCode> run() const;

private:
    void add_explain(CLI::App& app);

    CLI::App* show_ = nullptr;
    CLI::App* diff_ = nullptr;
    CLI::App* explain_ = nullptr;
    std::string show_file_;
    std::string old_file_;
    std::string new_file_;
    bool diff_json_ = false;
    ExplainOptions explain_options_;
};

}  // namespace sluice::app
