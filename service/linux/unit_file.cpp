#include "linux/unit_file.hpp"

namespace sluice::service {
namespace {

void replace_all(std::string& text, std::string_view mark, std::string_view value) {
    for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + value.size())) {
        text.replace(at, mark.size(), value);
    }
}

/// A word of ExecStart=: systemd.service(5), "Command lines".
std::string unit_word(const std::string& word) {
    std::string text;
    bool needs_quotes = word.empty();
    for (const char one : word) {
        if (one == '%' || one == '$') text += one;
        if (one == '"' || one == '\\') text += '\\';
        text += one;
        needs_quotes = needs_quotes || std::string_view(" \t\"'\\;").find(one) != std::string_view::npos;
    }
    return needs_quotes ? '"' + text + '"' : text;
}

}  // namespace

std::string unit_text(const Instance& instance) {
    std::string text(unit_template());
    replace_all(text, "@SLUICE_NAME@", instance.name);
    replace_all(text, "@SLUICE_BINARY@", unit_word(instance.binary));
    replace_all(text, "@SLUICE_CONFIG@", unit_word(instance.config));
    return text;
}

bool is_our_unit(std::string_view text) {
    const std::string_view start = unit_template().substr(0, unit_template().find('.'));
    return text.starts_with(start);
}

}  // namespace sluice::service
