#include <catch2/catch.hpp>
#include <map>
#include <optional>
#include <string>

#include "app/change_settling.hpp"

using namespace sluice;
using app::ChangeSettling;
using app::RecordingSources;
using app::SourceRecord;

namespace {

/// Files that stand in a map.
class MapSources final : public config::Sources {
public:
    std::map<std::string, std::string> files;

    std::expected<std::string, std::string> read(const std::string& path, std::size_t most) override {
        const auto file = files.find(path);
        if (file == files.end()) return std::unexpected("there is no such file");
        return file->second.substr(0, most + 1);
    }
    std::vector<Entry> list(const std::string& folder) override {
        std::vector<Entry> entries;
        for (const auto& [path, content] : files) {
            if (path.starts_with(folder + "/")) entries.push_back({path.substr(folder.size() + 1), false});
        }
        return entries;
    }
    std::optional<std::string> variable(const std::string&) override { return std::nullopt; }
    bool is_open_to_all(const std::string&) override { return false; }
};

/// A configuration of a main file and a folder.
struct Fixture {
    MapSources sources;
    SourceRecord record;

    Fixture() {
        sources.files = {{"main", "one"}, {"conf.d/a", "part"}};
        RecordingSources recording(sources);
        static_cast<void>(recording.read("main", 100));
        static_cast<void>(recording.list("conf.d"));
        static_cast<void>(recording.read("conf.d/a", 100));
        record = recording.record();
    }
    [[nodiscard]] bool is_changed() { return !(record.look_again(sources) == record); }
};

}  // namespace

TEST_CASE("Files look the same as long as their contents are", "[app]") {
    Fixture fixture;
    CHECK_FALSE(fixture.is_changed());
    fixture.sources.files["main"] = "two";
    CHECK(fixture.is_changed());
    fixture.sources.files["main"] = "one";
    CHECK_FALSE(fixture.is_changed());
}

TEST_CASE("A file that is gone, and one more in a folder, look different", "[app]") {
    Fixture fixture;
    SECTION("gone") { fixture.sources.files.erase("conf.d/a"); }
    SECTION("more") { fixture.sources.files["conf.d/b"] = ""; }
    CHECK(fixture.is_changed());
}

TEST_CASE("A change is taken once, when it has looked the same twice", "[app]") {
    Fixture fixture;
    ChangeSettling settling(fixture.record);
    const auto look = [&] { return settling.look(fixture.record.look_again(fixture.sources)); };
    CHECK_FALSE(look());
    fixture.sources.files["main"] = "hal";
    CHECK_FALSE(look());
    fixture.sources.files["main"] = "half and whole";
    CHECK_FALSE(look());
    CHECK(look());
    CHECK_FALSE(look());
}

TEST_CASE("A change that is taken back before it settles is none", "[app]") {
    Fixture fixture;
    ChangeSettling settling(fixture.record);
    const auto look = [&] { return settling.look(fixture.record.look_again(fixture.sources)); };
    fixture.sources.files["main"] = "two";
    CHECK_FALSE(look());
    fixture.sources.files["main"] = "one";
    CHECK_FALSE(look());
    CHECK_FALSE(look());
}
