#include "app/source_record.hpp"

#include <algorithm>
#include <functional>
#include <set>

namespace sluice::app {
namespace {

std::uint64_t fingerprint(const std::expected<std::string, std::string>& content) {
    return std::hash<std::string>{}((content ? "+" : "-") + (content ? *content : content.error()));
}

std::uint64_t fingerprint(const std::vector<config::Sources::Entry>& entries) {
    std::set<std::string> names;
    for (const config::Sources::Entry& entry : entries) names.insert(entry.name + (entry.is_folder ? "/" : ""));
    std::string all;
    for (const std::string& name : names) all.append(name).push_back('\n');
    return std::hash<std::string>{}(all);
}

}  // namespace

SourceRecord SourceRecord::look_again(config::Sources& sources) const {
    SourceRecord now;
    for (const auto& [file, before] : files_) now.files_.emplace(file, fingerprint(sources.read(file.first, file.second)));
    for (const auto& [folder, before] : folders_) now.folders_.emplace(folder, fingerprint(sources.list(folder)));
    return now;
}

std::expected<std::string, std::string> RecordingSources::read(const std::string& path, std::size_t most) {
    std::expected<std::string, std::string> content = sources_.read(path, most);
    record_.files_.insert_or_assign({path, most}, fingerprint(content));
    return content;
}

std::vector<config::Sources::Entry> RecordingSources::list(const std::string& folder) {
    std::vector<Entry> entries = sources_.list(folder);
    record_.folders_.insert_or_assign(folder, fingerprint(entries));
    return entries;
}

}  // namespace sluice::app
