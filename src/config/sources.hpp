#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <vector>

namespace sluice::config {

/// What a configuration is put together from: files and the variables of the environment. Passed in, so that tests
/// need neither. Paths are as a file names them, joined to the folder of that file, with '/' between names.
class Sources {
public:
    struct Entry {
        std::string name;
        bool is_folder = false;
    };

    virtual ~Sources() = default;

    /// The file's bytes, but of a longer file only the first `most` and one more.
    /// Failure: why not, in words: "there is no such file".
    [[nodiscard]] virtual std::expected<std::string, std::string> read(const std::string& path, std::size_t most) = 0;

    /// What lies in a folder ("" is the current one), in any order; nothing when there is no such folder.
    [[nodiscard]] virtual std::vector<Entry> list(const std::string& folder) = 0;

    /// An environment variable, if it is set.
    [[nodiscard]] virtual std::optional<std::string> variable(const std::string& name) = 0;

    /// Whether every user of the machine may read the file.
    [[nodiscard]] virtual bool is_open_to_all(const std::string& path) = 0;
};

}  // namespace sluice::config
