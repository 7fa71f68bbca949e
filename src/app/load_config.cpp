#include "app/load_config.hpp"

#include <cstdio>

#include "app/file_sources.hpp"
#include "service/events.hpp"

namespace sluice::app {

std::optional<ConfigFile> load_config(const std::string& file) {
    FileSources sources;
    return load_config(file, sources);
}

std::optional<ConfigFile> load_config(const std::string& file, config::Sources& sources) {
    auto read = read_config_file(file, sources);
    if (read) return std::move(*read);
    for (const std::string& line : read.error()) {
        std::fprintf(stderr, "%s\n", line.c_str());
        service::note_failure(line);
    }
    const std::size_t count = read.error().size();
    std::fprintf(stderr, "%s: %zu %s\n", file.c_str(), count, count == 1 ? "error" : "errors");
    return std::nullopt;
}

}  // namespace sluice::app
