#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <vector>

#include "app/commands.hpp"
#include "app/load_config.hpp"
#include "routing/listing.hpp"

namespace sluice::app {
namespace {

using Row = std::array<std::string, 7>;

void print_table(const std::vector<Row>& rows) {
    std::array<std::size_t, 7> widths{};
    for (const Row& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
    }
    for (const Row& row : rows) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) {
            line.append(row[i]);
            if (i + 1 < row.size()) line.append(widths[i] - row[i].size() + 2, ' ');
        }
        line.erase(line.find_last_not_of(' ') + 1);
        std::printf("%s\n", line.c_str());
    }
}

}  // namespace

ExitCode command_routes(const std::string& file) {
    const std::optional<ConfigFile> read = load_config(file);
    if (!read) return ExitCode::ConfigInvalid;
    std::vector<Row> rows{{"HOST", "METHODS", "PATTERN", "CONDITIONS", "KIND", "ACTION", "NAME"}};
    for (const routing::ListingRow& row : routing::list_routes(read->config.routes)) {
        rows.push_back({row.host, row.methods, row.pattern, row.conditions, row.kind, row.action, row.name});
    }
    print_table(rows);
    return ExitCode::Ok;
}

}  // namespace sluice::app
