#include <cstdio>

#include "app/commands.hpp"
#include "app/completion_scripts.hpp"

namespace sluice::app {

ExitCode command_completions(const CLI::App& app, const std::string& shell) {
    const std::vector<CompletedCommand> commands = completion_tree(app);
    const auto write = shell == "zsh"          ? zsh_completions
                       : shell == "fish"       ? fish_completions
                       : shell == "powershell" ? powershell_completions
                                               : bash_completions;
    std::fputs(write(commands).c_str(), stdout);
    return ExitCode::Ok;
}

}  // namespace sluice::app
