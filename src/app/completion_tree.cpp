#include "app/completion_tree.hpp"

#include <CLI/CLI.hpp>

namespace sluice::app {
namespace {

/// "TEXT:{bash,zsh}" is how the parser writes that only these words are allowed.
std::vector<std::string> allowed_words(const std::string& type) {
    std::vector<std::string> words;
    const std::size_t begin = type.find(":{");
    if (begin == std::string::npos || !type.ends_with('}')) return words;
    std::string word;
    for (const char c : type.substr(begin + 2)) {
        if (c != ',' && c != '}') {
            word.push_back(c);
            continue;
        }
        words.push_back(std::move(word));
        word.clear();
    }
    return words;
}

CompletedValue value_of(const CLI::Option& option) {
    const std::string type = option.get_type_name();
    return {option.get_items_expected_max() > 0, type.starts_with("FILE"), allowed_words(type)};
}

void add_option(const CLI::Option& option, CompletedCommand& command) {
    if (option.get_positional()) {
        // Of several any may be next: all are offered.
        const CompletedValue value = value_of(option);
        command.positional.is_file |= value.is_file;
        command.positional.words.insert(command.positional.words.end(), value.words.begin(), value.words.end());
        return;
    }
    CompletedOption completed{{}, option.get_description(), value_of(option)};
    for (const std::string& name : option.get_snames()) completed.names.push_back("-" + name);
    for (const std::string& name : option.get_lnames()) completed.names.push_back("--" + name);
    command.options.push_back(std::move(completed));
}

void collect(const CLI::App& app, const std::string& path, std::vector<CompletedCommand>& commands) {
    CompletedCommand command{path, app.get_name(), app.get_description(), {}, {}};
    for (const CLI::Option* option : app.get_options()) add_option(*option, command);
    commands.push_back(std::move(command));
    const auto any = [](const CLI::App*) { return true; };
    for (const CLI::App* below : app.get_subcommands(any)) collect(*below, path + " " + below->get_name(), commands);
}

}  // namespace

std::vector<CompletedCommand> completion_tree(const CLI::App& app) {
    std::vector<CompletedCommand> commands;
    collect(app, {}, commands);
    return commands;
}

std::vector<const CompletedCommand*> commands_below(const std::vector<CompletedCommand>& commands,
                                                    const CompletedCommand& parent) {
    std::vector<const CompletedCommand*> below;
    for (const CompletedCommand& command : commands) {
        if (&command != &commands.front() && command.path == parent.path + " " + command.name) below.push_back(&command);
    }
    return below;
}

std::vector<SpelledOption> spelled_options(const std::vector<CompletedCommand>& commands) {
    std::vector<SpelledOption> spelled;
    for (const CompletedCommand& command : commands) {
        for (const CompletedOption& option : command.options) {
            for (const std::string& name : option.names) spelled.push_back({command.path + " " + name, &option});
        }
    }
    return spelled;
}

std::string path_pattern(const std::vector<CompletedCommand>& commands) {
    std::string out;
    for (const CompletedCommand& command : commands) {
        if (!command.path.empty()) out += (out.empty() ? "'" : "|'") + command.path + "'";
    }
    return out;
}

std::string spaced(const std::vector<std::string>& words) {
    std::string out;
    for (const std::string& word : words) out += (out.empty() ? "" : " ") + word;
    return out;
}

}  // namespace sluice::app
