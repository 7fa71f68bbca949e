#include <catch2/catch.hpp>
#include <map>
#include <string>

#include "config/file_path.hpp"

namespace sluice::config {
namespace {

/// Folders and what lies in them; names that end with '/' are folders.
class Folders final : public Sources {
public:
    std::map<std::string, std::vector<std::string>> folders;

    std::expected<std::string, std::string> read(const std::string&, std::size_t) override {
        return std::unexpected("not asked for");
    }
    std::vector<Entry> list(const std::string& folder) override {
        std::vector<Entry> entries;
        for (std::string name : folders[folder]) {
            const bool is_folder = name.ends_with('/');
            if (is_folder) name.pop_back();
            entries.push_back({name, is_folder});
        }
        return entries;
    }
    std::optional<std::string> variable(const std::string&) override { return std::nullopt; }
    bool is_open_to_all(const std::string&) override { return false; }
};

}  // namespace

TEST_CASE("a path is relative to the folder of the file in which it stands", "[config]") {
    CHECK(resolve_path("main.json", "a.json") == "a.json");
    CHECK(resolve_path("/etc/sluice/main.json", "conf.d/a.json") == "/etc/sluice/conf.d/a.json");
    CHECK(resolve_path("/etc/sluice/main.json", "./a.json") == "/etc/sluice/a.json");
    CHECK(resolve_path("/etc/sluice/main.json", "/run/a.json") == "/run/a.json");
    CHECK(resolve_path(R"(C:\sluice\main.json)", "conf.d/a.json") == R"(C:\sluice\conf.d/a.json)");
    CHECK(resolve_path("main.json", R"(D:\a.json)") == R"(D:\a.json)");
}

TEST_CASE("a pattern matches names by '*' and '?'", "[config]") {
    const auto [pattern, name, expected] = GENERATE(table<std::string, std::string, bool>({
        {"*.json", "a.json", true},
        {"*.json", ".json", false},
        {".*.json", ".a.json", true},
        {"*.json", "a.json~", false},
        {"*", "a", true},
        {"*", ".a", false},
        {"??.json", "10.json", true},
        {"??.json", "1.json", false},
        {"a*b*c", "axxbyybzc", true},
        {"a*b*c", "axxbyy", false},
        {"**a", "ba", true},
        {"a", "A", false},
        {"*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
    }));
    CAPTURE(pattern, name);
    CHECK(matches_glob(pattern, name) == expected);
}

TEST_CASE("files are found in the order of their names, through folders too", "[config]") {
    Folders sources;
    sources.folders = {{"", {"b.json", "a.json", "c.txt", "d.json/"}},
                       {"sites/", {"y/", "x/", "z"}},
                       {"sites/x/", {"on.json", "off.json"}},
                       {"sites/y/", {"on.json"}}};
    CHECK(find_files("*.json", sources) == std::vector<std::string>{"a.json", "b.json"});
    CHECK(find_files("sites/*/on.json", sources) == std::vector<std::string>{"sites/x/on.json", "sites/y/on.json"});
    CHECK(find_files("sites/?/*.json", sources).size() == 3);
    CHECK(find_files("none/*.json", sources).empty());
}

}  // namespace sluice::config
