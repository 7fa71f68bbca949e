#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "app/config_file.hpp"
#include "unit/config/text_file.hpp"

namespace sluice::app {
namespace {

namespace fs = std::filesystem;

// A case is tests/data/config/NAME.json, or NAME/main.json where it has several files. Beside it lie NAME.env (lines
// NAME=value: the environment) and what is expected of it: NAME.errors, or for a valid one NAME.warnings, a line each.
// Without both it must be valid and give no warning.

/// The files of the cases, and the environment of one.
class CaseSources final : public config::Sources {
public:
    CaseSources(fs::path folder, const fs::path& environment) : folder_(std::move(folder)) {
        std::istringstream lines(test::read_text(environment));
        for (std::string line; std::getline(lines, line);) {
            const std::size_t sign = line.find('=');
            variables_[line.substr(0, sign)] = line.substr(sign + 1);
        }
    }

    std::expected<std::string, std::string> read(const std::string& path, std::size_t most) override {
        if (path.ends_with("huge.txt")) return std::string(most + 1, 'x');
        if (!fs::is_regular_file(folder_ / path)) return std::unexpected("there is no such file");
        return test::read_text(folder_ / path).substr(0, most + 1);
    }

    std::vector<Entry> list(const std::string& folder) override {
        std::vector<Entry> entries;
        if (!fs::is_directory(folder_ / folder)) return entries;
        for (const auto& entry : fs::directory_iterator(folder_ / folder)) {
            entries.push_back({entry.path().filename().string(), entry.is_directory()});
        }
        return entries;
    }

    std::optional<std::string> variable(const std::string& name) override {
        const auto found = variables_.find(name);
        return found == variables_.end() ? std::nullopt : std::optional(found->second);
    }

    bool is_open_to_all(const std::string& path) override { return path.contains("open"); }

private:
    fs::path folder_;
    std::map<std::string, std::string> variables_;
};

std::vector<fs::path> find_cases() {
    std::vector<fs::path> cases;
    for (const auto& entry : fs::directory_iterator(test::source_path("tests/data/config"))) {
        if (entry.is_directory()) cases.push_back(entry.path() / "main.json");
        if (entry.path().extension() == ".json") cases.push_back(entry.path());
    }
    std::ranges::sort(cases);
    return cases;
}

fs::path beside(fs::path path, const char* extension) {
    return path.replace_extension(extension);
}

std::string join(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    return text;
}

void check_lines(const fs::path& expected, const std::string& found) {
    if (found.empty() && !fs::exists(expected)) return;
    const bool current = test::is_current(expected, found);
    INFO("found:\n" << found << "expected:\n" << test::read_text(expected));
    CHECK(current);
}

}  // namespace

TEST_CASE("every configuration case has exactly the errors or warnings that stand beside it", "[app]") {
    const auto cases = find_cases();
    const auto is_broken = [](const fs::path& path) { return fs::exists(beside(path, ".errors")); };
    CHECK(std::ranges::count_if(cases, is_broken) >= 90);
    for (const auto& path : cases) {
        DYNAMIC_SECTION(path.parent_path().filename().string() << "/" << path.stem().string()) {
            CaseSources sources(path.parent_path(), beside(path, ".env"));
            const auto read = read_config_file(path.filename().string(), sources);
            check_lines(beside(path, ".errors"), read ? std::string{} : join(read.error()));
            check_lines(beside(path, ".warnings"), read ? join(read->warnings) : std::string{});
        }
    }
}

TEST_CASE("the text of a secret's file stands in no message", "[app]") {
    for (const auto& path : find_cases()) {
        CaseSources sources(path.parent_path(), beside(path, ".env"));
        const auto read = read_config_file(path.filename().string(), sources);
        const std::string text = join(read ? read->warnings : read.error());
        INFO(text);
        CHECK_FALSE(text.contains("hunter2"));
    }
}

TEST_CASE("the files that a watch looks at are those that were read, and those of secrets", "[app]") {
    const fs::path path = test::source_path("tests/data/config/several_files/main.json");
    CaseSources sources(path.parent_path(), beside(path, ".env"));
    const auto read = read_config_file("main.json", sources);
    REQUIRE(read);
    CHECK(read->files == std::vector<std::string>{"main.json", "conf.d/10-orders.json", "conf.d/20-users.json",
                                                  "more/extra.json", "conf.d/../secrets/orders.txt"});
    CHECK(read->config.files.size() == 4);
    REQUIRE(read->config.routes.size() == 3);
    CHECK(read->config.routes[2].position.file == 2);
    REQUIRE(read->config.clusters.size() == 2);
    CHECK(read->config.clusters[0].sticky->secret == "hunter2hunter2hunter2");
    CHECK(read->config.workers == 3);
}

}  // namespace sluice::app
