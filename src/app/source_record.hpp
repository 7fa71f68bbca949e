#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "config/sources.hpp"

namespace sluice::app {

/// What a configuration was put together from, as it looked: fingerprints of files and folders. Looking again tells whether
/// anything is different, whatever an editor, a symbolic link or a network file system did to get there.
class SourceRecord {
public:
    /// The same files and folders as they look now.
    [[nodiscard]] SourceRecord look_again(config::Sources& sources) const;

    [[nodiscard]] bool empty() const { return files_.empty(); }
    bool operator==(const SourceRecord&) const = default;

private:
    friend class RecordingSources;
    /// By path, and by how much of it was read.
    std::map<std::pair<std::string, std::size_t>, std::uint64_t> files_;
    std::map<std::string, std::uint64_t> folders_;
};

/// Passes everything through, and records it.
///
/// Lifetime: the other sources outlive it.
class RecordingSources final : public config::Sources {
public:
    explicit RecordingSources(config::Sources& sources) : sources_(sources) {}

    [[nodiscard]] std::expected<std::string, std::string> read(const std::string& path, std::size_t most) override;
    [[nodiscard]] std::vector<Entry> list(const std::string& folder) override;
    [[nodiscard]] std::optional<std::string> variable(const std::string& name) override { return sources_.variable(name); }
    [[nodiscard]] bool is_open_to_all(const std::string& path) override { return sources_.is_open_to_all(path); }

    [[nodiscard]] const SourceRecord& record() const { return record_; }

private:
    config::Sources& sources_;
    SourceRecord record_;
};

}  // namespace sluice::app
