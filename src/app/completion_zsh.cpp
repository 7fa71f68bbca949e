#include "app/completion_scripts.hpp"

namespace sluice::app {
namespace {

std::string zsh_text(const std::string& text) {
    std::string out = "'";
    for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

std::string words_of(const CompletedValue& value) {
    std::string out;
    for (const std::string& word : value.words) out += " " + zsh_text(word);
    return out;
}

std::string value_action(const CompletedValue& value) {
    if (value.is_file) return "_files";
    return value.words.empty() ? ":" : "compadd --" + words_of(value);
}

std::string case_of(const std::vector<CompletedCommand>& commands, const CompletedCommand& command) {
    std::string out = "        ('" + command.path + "')\n            found=(" + words_of(command.positional);
    for (const CompletedCommand* below : commands_below(commands, command)) {
        out += "\n                " + zsh_text(below->name + ":" + below->description);
    }
    out += ")\n            options=(";
    for (const CompletedOption& option : command.options) {
        for (const std::string& name : option.names) out += "\n                " + zsh_text(name + ":" + option.description);
    }
    return out + ")\n" + (command.positional.is_file ? "            _files\n" : "") + "            ;;\n";
}

}  // namespace

std::string zsh_completions(const std::vector<CompletedCommand>& commands) {
    std::string out = R"(#compdef sluice
# Completions of sluice for zsh: sluice completions zsh > "${fpath[1]}/_sluice"
_sluice() {
    local place= word
    for word in "${(@)words[2,CURRENT-1]}"; do
        case "$place $word" in
            ()" + path_pattern(commands) + R"() place+=" $word" ;;
        esac
    done
    case "$place ${words[CURRENT-1]}" in
)";
    for (const SpelledOption& spelled : spelled_options(commands)) {
        const CompletedValue& value = spelled.option->value;
        if (value.is_taken) out += "        ('" + spelled.spelling + "') " + value_action(value) + "; return ;;\n";
    }
    out += "    esac\n    local -a found options\n    case \"$place\" in\n";
    for (const CompletedCommand& command : commands) out += case_of(commands, command);
    return out + R"(    esac
    (( $#found )) && _describe -t commands command found
    (( $#options )) && _describe -o option options
}
if [[ "${funcstack[1]}" == _sluice ]]; then _sluice "$@"; else compdef _sluice sluice; fi
)";
}

}  // namespace sluice::app
