#include "app/completion_scripts.hpp"

namespace sluice::app {
namespace {

std::string powershell_text(const std::string& text) {
    std::string out = "'";
    for (const char c : text) out += c == '\'' ? std::string("''") : std::string(1, c);
    return out + "'";
}

/// A word and what it means, in one text.
std::string entry(const std::string& word, const std::string& description) {
    return "\n            " + powershell_text(word + "|" + description);
}

std::string entries_of(const std::vector<CompletedCommand>& commands, const CompletedCommand& command) {
    std::string out;
    for (const CompletedCommand* below : commands_below(commands, command)) out += entry(below->name, below->description);
    for (const std::string& word : command.positional.words) out += entry(word, word);
    for (const CompletedOption& option : command.options) {
        for (const std::string& name : option.names) out += entry(name, option.description);
    }
    return out;
}

}  // namespace

std::string powershell_completions(const std::vector<CompletedCommand>& commands) {
    std::string out = R"(# Completions of sluice for PowerShell: sluice completions powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName sluice -ScriptBlock {
    param($current, $line, $position)
    $commands = @{)";
    for (const CompletedCommand& command : commands) {
        out += "\n        " + powershell_text(command.path) + " = @(" + entries_of(commands, command) + ")";
    }
    out += "\n    }\n    $values = @{";
    for (const SpelledOption& spelled : spelled_options(commands)) {
        const CompletedValue& value = spelled.option->value;
        if (!value.is_taken) continue;
        out += "\n        " + powershell_text(spelled.spelling) + " = @(";
        for (const std::string& word : value.words) out += entry(word, word);
        out += ")";
    }
    return out + R"(
    }
    $place = ''
    $previous = ''
    foreach ($element in $line.CommandElements | Select-Object -Skip 1) {
        if ($element.Extent.EndOffset -ge $position -and $current -ne '') { break }
        $previous = "$element"
        if ($commands.ContainsKey("$place $previous")) { $place = "$place $previous" }
    }
    $found = $commands[$place]
    if ($values.ContainsKey("$place $previous")) { $found = $values["$place $previous"] }
    # Without an answer PowerShell offers files.
    foreach ($entry in $found) {
        $word, $meaning = $entry -split '\|', 2
        if ($word -like "$current*") {
            [System.Management.Automation.CompletionResult]::new($word, $word, 'ParameterValue', $meaning)
        }
    }
}
)";
}

}  // namespace sluice::app
