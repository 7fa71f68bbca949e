#include "app/completion_scripts.hpp"

namespace sluice::app {
namespace {

std::string what(const CompletedValue& value, const std::string& words) {
    return "words='" + words + "'" + (value.is_file ? " files=1" : "");
}

std::string words_of(const std::vector<CompletedCommand>& commands, const CompletedCommand& command) {
    std::vector<std::string> words;
    for (const CompletedCommand* below : commands_below(commands, command)) words.push_back(below->name);
    words.insert(words.end(), command.positional.words.begin(), command.positional.words.end());
    for (const CompletedOption& option : command.options) {
        words.insert(words.end(), option.names.begin(), option.names.end());
    }
    return spaced(words);
}

}  // namespace

std::string bash_completions(const std::vector<CompletedCommand>& commands) {
    std::string out = R"(# Completions of sluice for bash: source <(sluice completions bash)
_sluice() {
    local current=${COMP_WORDS[COMP_CWORD]} command= words= files= i
    for ((i = 1; i < COMP_CWORD; i++)); do
        case "$command ${COMP_WORDS[i]}" in
            )" + path_pattern(commands) + R"() command+=" ${COMP_WORDS[i]}" ;;
        esac
    done
    case "$command ${COMP_WORDS[COMP_CWORD-1]}" in
)";
    for (const SpelledOption& spelled : spelled_options(commands)) {
        const CompletedValue& value = spelled.option->value;
        if (value.is_taken) out += "        '" + spelled.spelling + "') " + what(value, spaced(value.words)) + " ;;\n";
    }
    out += "        *) case \"$command\" in\n";
    for (const CompletedCommand& command : commands) {
        out += "            '" + command.path + "') " + what(command.positional, words_of(commands, command)) + " ;;\n";
    }
    return out + R"(        esac ;;
    esac
    COMPREPLY=()
    if [ -n "$words" ]; then COMPREPLY=($(compgen -W "$words" -- "$current")); fi
    if [ -n "$files" ]; then
        compopt -o filenames 2>/dev/null
        while IFS= read -r i; do COMPREPLY+=("$i"); done < <(compgen -f -- "$current")
    fi
}
complete -F _sluice sluice
)";
}

}  // namespace sluice::app
