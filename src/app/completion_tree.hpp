#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace sluice::app {

/// What may be written for an option's value or for what follows a command.
struct CompletedValue {
    bool is_taken = false;
    bool is_file = false;
    /// The only values that are allowed; empty for any.
    std::vector<std::string> words;
};

struct CompletedOption {
    /// "-c", "--config".
    std::vector<std::string> names;
    std::string description;
    CompletedValue value;
};

struct CompletedCommand {
    /// The commands that lead here, each behind a blank: "" for the program alone, " config show".
    std::string path;
    std::string name;
    std::string description;
    std::vector<CompletedOption> options;
    CompletedValue positional;
};

/// The command line as completions need it, flat: each command stands behind the one that it belongs to. Taken from
/// the parser's own tree, so that completions offer what is parsed. An option or positional of the type "FILE" is a
/// file.
[[nodiscard]] std::vector<CompletedCommand> completion_tree(const CLI::App& app);

/// The commands directly below this one.
[[nodiscard]] std::vector<const CompletedCommand*> commands_below(const std::vector<CompletedCommand>& commands,
                                                                  const CompletedCommand& parent);

/// Every spelling of every option: the command's path, a blank, the name.
struct SpelledOption {
    std::string spelling;
    const CompletedOption* option = nullptr;
};
[[nodiscard]] std::vector<SpelledOption> spelled_options(const std::vector<CompletedCommand>& commands);

/// The commands' paths as one pattern of a shell's: ' run'|' config'.
[[nodiscard]] std::string path_pattern(const std::vector<CompletedCommand>& commands);

/// The words as one text, a blank between them.
[[nodiscard]] std::string spaced(const std::vector<std::string>& words);

}  // namespace sluice::app
