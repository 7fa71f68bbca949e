#include "app/load_config.hpp"

#include <cstdio>

namespace sluice::app {

std::optional<ConfigFile> load_config(const std::string& file) {
    auto read = read_config_file(file);
    if (read) return std::move(*read);
    for (const std::string& line : read.error()) std::fprintf(stderr, "%s\n", line.c_str());
    const std::size_t count = read.error().size();
    std::fprintf(stderr, "%s: %zu %s\n", file.c_str(), count, count == 1 ? "error" : "errors");
    return std::nullopt;
}

}  // namespace sluice::app
