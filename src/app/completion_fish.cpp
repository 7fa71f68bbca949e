#include "app/completion_scripts.hpp"

namespace sluice::app {
namespace {

std::string fish_text(const std::string& text) {
    std::string out = "'";
    for (const char c : text) {
        if (c == '\'' || c == '\\') out.push_back('\\');
        out.push_back(c);
    }
    return out + "'";
}

/// Where the line of a command begins.
std::string at(const CompletedCommand& command) {
    return "complete -c sluice -n \"__sluice_is '" + command.path + "'\"";
}

std::string option_line(const CompletedOption& option) {
    std::string out;
    for (const std::string& name : option.names) {
        out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    }
    if (option.value.is_taken) out += option.value.is_file ? " -r -F" : " -x";
    if (!option.value.words.empty()) out += " -a " + fish_text(spaced(option.value.words));
    return out + " -d " + fish_text(option.description);
}

}  // namespace

std::string fish_completions(const std::vector<CompletedCommand>& commands) {
    std::string out = R"(# Completions of sluice for fish: sluice completions fish > ~/.config/fish/completions/sluice.fish
function __sluice_is
    set -l place ''
    set -l words (commandline -opc)
    for word in $words[2..-1]
        switch "$place $word"
            case)";
    for (const CompletedCommand& command : commands) {
        if (!command.path.empty()) out += " '" + command.path + "'";
    }
    out += R"(
                set place "$place $word"
        end
    end
    test "$place" = "$argv[1]"
end
complete -c sluice -f
)";
    for (const CompletedCommand& command : commands) {
        for (const CompletedCommand* below : commands_below(commands, command)) {
            out += at(command) + " -a " + below->name + " -d " + fish_text(below->description) + "\n";
        }
        for (const CompletedOption& option : command.options) out += at(command) + option_line(option) + "\n";
        if (command.positional.is_file) out += at(command) + " -F\n";
        if (!command.positional.words.empty()) out += at(command) + " -a " + fish_text(spaced(command.positional.words)) + "\n";
    }
    return out;
}

}  // namespace sluice::app
