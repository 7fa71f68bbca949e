#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "app/commands.hpp"
#include "app/load_config.hpp"
#include "base/text.hpp"
#include "config/diff.hpp"
#include "platform/process_facts.hpp"

namespace sluice::app {
namespace {

using What = config::Change::What;

struct Mark {
    std::string_view sign;
    std::string_view colour;
};

Mark mark_of(What what) {
    switch (what) {
        case What::Added: return {"+", "\x1b[32m"};
        case What::Removed: return {"-", "\x1b[31m"};
        case What::Changed: break;
    }
    return {"~", "\x1b[33m"};
}

std::string lines_of(const config::Change& change, bool is_coloured) {
    const Mark mark = mark_of(change.what);
    std::string text;
    if (is_coloured) text += mark.colour;
    text.append(mark.sign).append(" ");
    append_printable(text, config::subject_of(change));
    if (is_coloured) text += "\x1b[0m";
    const bool is_short = change.kind == config::Change::Kind::Limit || change.kind == config::Change::Kind::Setting;
    for (const std::string& detail : change.details) {
        text += is_short ? ": " : "\n    ";
        append_printable(text, detail);
    }
    return text + '\n';
}

bool wants_colours() {
    const char* const no_colour = std::getenv("NO_COLOR");
    const bool is_unwanted = no_colour != nullptr && *no_colour != '\0';
    return !is_unwanted && platform::enable_terminal_colours(platform::StandardStream::Output);
}

}  // namespace

ExitCode command_diff(const std::string& old_file, const std::string& new_file, bool as_json) {
    const std::optional<ConfigFile> before = load_config(old_file);
    const std::optional<ConfigFile> after = load_config(new_file);
    if (!before || !after) return ExitCode::ConfigInvalid;
    const std::vector<config::Change> changes = config::diff(before->config, after->config);
    if (as_json) {
        std::fputs(config::diff_json(changes).c_str(), stdout);
    } else {
        const bool is_coloured = wants_colours();
        for (const config::Change& change : changes) std::fputs(lines_of(change, is_coloured).c_str(), stdout);
    }
    return changes.empty() ? ExitCode::Ok : ExitCode::Differs;
}

}  // namespace sluice::app
