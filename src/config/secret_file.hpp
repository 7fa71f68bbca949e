#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "config/problem.hpp"
#include "config/sources.hpp"

namespace sluice::config {

/// Reads secrets that stand in files of their own. No message of it holds any of their text.
///
/// Lifetime: the sources outlive it.
class SecretFiles {
public:
    struct Secret {
        std::string text;
        /// Every user of the machine may read it.
        bool is_open_to_all = false;
    };

    explicit SecretFiles(Sources& sources) : sources_(sources) {}

    /// Without the line end at its end. `owner` is the file in which the path stands.
    /// Failure: it can't be read, is empty, or has more than 64 KiB.
    [[nodiscard]] std::expected<Secret, Complaint> read(std::string_view owner, std::string_view path);

    /// The paths of all that were asked for.
    [[nodiscard]] const std::vector<std::string>& paths() const { return paths_; }

private:
    Sources& sources_;
    std::vector<std::string> paths_;
};

}  // namespace sluice::config
