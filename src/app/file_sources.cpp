#include "app/file_sources.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "platform/file_rights.hpp"

namespace sluice::app {
namespace {

namespace fs = std::filesystem;

/// Texts of a configuration are UTF-8, but a path of the command line may be anything; the standard library throws at
/// what it can't convert, and this is its one edge.
std::optional<fs::path> path_of(const std::string& text) {
    try {
        return fs::path(text);
    } catch (const std::exception&) {
        return std::nullopt;
    }
}

std::optional<std::string> text_of(const fs::path& path) {
    try {
        return path.string();
    } catch (const std::exception&) {
        return std::nullopt;
    }
}

std::ifstream open(const std::string& text, const std::optional<fs::path>& path) {
    return path ? std::ifstream(*path, std::ios::binary) : std::ifstream(text, std::ios::binary);
}

std::string why_not(const std::optional<fs::path>& path) {
    std::error_code code;
    if (path && !fs::exists(*path, code) && !code) return "there is no such file";
    if (path && fs::is_directory(*path, code)) return "it is a folder";
    return "permission denied";
}

/// One more than `most`, so that the caller sees that there is more.
std::string read_some(std::ifstream& in, std::size_t most) {
    std::string content;
    std::array<char, 16 * 1024> piece{};
    while (in && content.size() <= most) {
        const std::size_t wanted = std::min(piece.size(), most + 1 - content.size());
        in.read(piece.data(), static_cast<std::streamsize>(wanted));
        content.append(piece.data(), static_cast<std::size_t>(in.gcount()));
    }
    return content;
}

}  // namespace

std::expected<std::string, std::string> FileSources::read(const std::string& path, std::size_t most) {
    const std::optional<fs::path> found = path_of(path);
    std::error_code code;
    std::ifstream in = open(path, found);
    if (!in || (found && fs::is_directory(*found, code))) return std::unexpected(why_not(found));
    std::string content = read_some(in, most);
    if (in.bad()) return std::unexpected("reading failed");
    return content;
}

std::vector<config::Sources::Entry> FileSources::list(const std::string& folder) {
    std::vector<Entry> entries;
    const std::optional<fs::path> path = path_of(folder.empty() ? "." : folder);
    if (!path) return entries;
    std::error_code code;
    for (fs::directory_iterator entry(*path, code), end; !code && entry != end; entry.increment(code)) {
        std::error_code unknown;
        const bool is_folder = entry->is_directory(unknown);
        if (auto name = text_of(entry->path().filename())) entries.push_back({std::move(*name), is_folder});
    }
    return entries;
}

std::optional<std::string> FileSources::variable(const std::string& name) {
    const char* const value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

bool FileSources::is_open_to_all(const std::string& path) {
    return platform::is_readable_by_all(path);
}

}  // namespace sluice::app
