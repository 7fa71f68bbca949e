#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "config/parse.hpp"
#include "unit/config/text_file.hpp"

namespace sluice::config {
namespace {

// A case is tests/data/config/NAME.json; NAME.errors beside it holds the expected problems, one a
// line. Without that file the configuration must be valid.

std::vector<std::filesystem::path> find_cases() {
    std::vector<std::filesystem::path> cases;
    for (const auto& entry :
         std::filesystem::directory_iterator(test::source_path("tests/data/config"))) {
        if (entry.path().extension() == ".json") cases.push_back(entry.path());
    }
    std::ranges::sort(cases);
    return cases;
}

/// The bytes as they are: a case may be about line ends.
std::string problems_of(const std::filesystem::path& path) {
    const auto config = parse(test::read_text(path), path.filename().string());
    std::string lines;
    if (config) return lines;
    for (const Problem& problem : config.error()) lines += format_problem(problem) + "\n";
    return lines;
}

}  // namespace

TEST_CASE("every configuration case has exactly the problems that stand beside it", "[config]") {
    const auto cases = find_cases();
    REQUIRE(cases.size() >= 40);
    for (const auto& path : cases) {
        DYNAMIC_SECTION(path.stem().string()) {
            auto expected = path;
            expected.replace_extension(".errors");
            const std::string problems = problems_of(path);
            if (!problems.empty() || std::filesystem::exists(expected)) {
                const bool current = test::is_current(expected, problems);
                INFO("found:\n" << problems << "expected:\n" << test::read_text(expected));
                CHECK(current);
            }
        }
    }
}

}  // namespace sluice::config
