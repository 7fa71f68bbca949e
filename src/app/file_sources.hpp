#pragma once

#include "config/sources.hpp"

namespace sluice::app {

/// The files of this machine and the environment of this process.
///
/// Threading: any thread, as long as nobody changes the environment.
class FileSources final : public config::Sources {
public:
    [[nodiscard]] std::expected<std::string, std::string> read(const std::string& path, std::size_t most) override;
    [[nodiscard]] std::vector<Entry> list(const std::string& folder) override;
    [[nodiscard]] std::optional<std::string> variable(const std::string& name) override;
    [[nodiscard]] bool is_open_to_all(const std::string& path) override;
};

}  // namespace sluice::app
