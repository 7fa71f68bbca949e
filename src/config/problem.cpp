#include "config/problem.hpp"

#include "base/text.hpp"

namespace sluice::config {
namespace {

/// Keys and values of the file may stand in messages, and names of other files in it: a line break in one must not begin a new
/// line.
void append_line(std::string& out, std::string_view text) {
    for (const char c : text) {
        const bool is_control = static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
        if (is_control) {
            append_printable(out, std::string_view(&c, 1));
        } else {
            out.push_back(c);
        }
    }
}

std::string format(const Problem& problem, std::string_view kind) {
    std::string out;
    append_line(out, problem.position.line == 0 ? problem.file : format_place(problem.file, problem.position));
    out += ": ";
    out += kind;
    if (!problem.pointer.empty()) {
        append_line(out, problem.pointer);
        out += ": ";
    }
    append_line(out, problem.message);
    if (!problem.help.empty()) {
        out += "; ";
        append_line(out, problem.help);
    }
    return out;
}

}  // namespace

std::string format_problem(const Problem& problem) {
    return format(problem, {});
}

std::string format_warning(const Problem& problem) {
    return format(problem, "warning: ");
}

std::string format_place(std::string_view file, Position position) {
    return std::string(file) + ':' + std::to_string(position.line) + ':' + std::to_string(position.column);
}

std::string pointer_to(std::string_view parent, std::string_view key) {
    std::string pointer(parent);
    pointer.push_back('/');
    for (const char c : key) {
        if (c == '~') {
            pointer += "~0";
        } else if (c == '/') {
            pointer += "~1";
        } else {
            pointer.push_back(c);
        }
    }
    return pointer;
}

std::string pointer_to(std::string_view parent, std::size_t index) {
    return pointer_to(parent, std::to_string(index));
}

std::string in_quotes(std::string_view text) {
    constexpr std::size_t longest = 60;
    if (text.size() <= longest) return "'" + std::string(text) + "'";
    std::size_t end = longest;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
    return "'" + std::string(text.substr(0, end)) + "...'";
}

}  // namespace sluice::config
