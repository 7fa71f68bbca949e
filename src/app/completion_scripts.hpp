#pragma once

#include <string>
#include <vector>

#include "app/completion_tree.hpp"

namespace sluice::app {

// Scripts that teach a shell to complete the command line of `sluice`. Each walks over the words before the cursor to find
// the command, and offers its options, commands, words and files.

[[nodiscard]] std::string bash_completions(const std::vector<CompletedCommand>& commands);
[[nodiscard]] std::string zsh_completions(const std::vector<CompletedCommand>& commands);
[[nodiscard]] std::string fish_completions(const std::vector<CompletedCommand>& commands);
[[nodiscard]] std::string powershell_completions(const std::vector<CompletedCommand>& commands);

}  // namespace sluice::app
