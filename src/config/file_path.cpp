#include "config/file_path.hpp"

#include <algorithm>

namespace sluice::config {
namespace {

// Files that are written on Windows may have either.
constexpr std::string_view separators = "/\\";

bool is_absolute(std::string_view path) {
    if (path.empty()) return false;
    const bool has_drive = path.size() >= 2 && path[1] == ':';
    return separators.contains(path.front()) || has_drive;
}

/// With the separator at its end; "" when the file is named alone.
std::string_view folder_of(std::string_view file) {
    const std::size_t last = file.find_last_of(separators);
    return last == std::string_view::npos ? std::string_view{} : file.substr(0, last + 1);
}

std::string_view without_dot(std::string_view path) {
    while (path.starts_with("./") || path.starts_with(".\\")) path.remove_prefix(2);
    return path;
}

void find_below(const std::string& folder, std::string_view rest, Sources& sources, std::vector<std::string>& found) {
    const std::size_t end = rest.find_first_of(separators);
    const std::string_view pattern = rest.substr(0, end);
    const bool is_last = end == std::string_view::npos;
    const std::string_view below = is_last ? std::string_view{} : rest.substr(end + 1);
    if (!is_last && !is_glob(pattern)) {
        find_below(folder + std::string(pattern) + "/", below, sources, found);
        return;
    }
    for (const Sources::Entry& entry : sources.list(folder)) {
        if (entry.is_folder == is_last || !matches_glob(pattern, entry.name)) continue;
        if (is_last) {
            found.push_back(folder + entry.name);
        } else {
            find_below(folder + entry.name + "/", below, sources, found);
        }
    }
}

}  // namespace

std::string resolve_path(std::string_view file, std::string_view path) {
    if (is_absolute(path)) return std::string(path);
    return std::string(folder_of(file)) + std::string(without_dot(path));
}

bool is_glob(std::string_view path) {
    return path.find_first_of("*?") != std::string_view::npos;
}

bool matches_glob(std::string_view pattern, std::string_view name) {
    if (name.starts_with('.') && !pattern.starts_with('.')) return false;
    std::size_t at = 0;
    std::size_t i = 0;
    // Where to go on when the last '*' has to take one character more.
    std::size_t star = std::string_view::npos;
    std::size_t retry = 0;
    while (i < name.size()) {
        if (at < pattern.size() && pattern[at] == '*') {
            star = at++;
            retry = i;
        } else if (at < pattern.size() && (pattern[at] == '?' || pattern[at] == name[i])) {
            ++at;
            ++i;
        } else if (star != std::string_view::npos) {
            at = star + 1;
            i = ++retry;
        } else {
            return false;
        }
    }
    return pattern.substr(at).find_first_not_of('*') == std::string_view::npos;
}

std::vector<std::string> find_files(std::string_view glob, Sources& sources) {
    std::vector<std::string> found;
    const std::size_t first = glob.find_first_of("*?");
    const std::string_view folder = folder_of(glob.substr(0, first));
    find_below(std::string(folder), glob.substr(folder.size()), sources, found);
    std::ranges::sort(found);
    return found;
}

}  // namespace sluice::config
