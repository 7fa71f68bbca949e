#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <string>

#include "app/file_sources.hpp"

namespace sluice::app {
namespace {

namespace fs = std::filesystem;

/// A folder that is removed at the end.
class Folder {
public:
    explicit Folder(const std::string& name) : path_(fs::temp_directory_path() / name) {
        fs::remove_all(path_);
        fs::create_directories(path_ / "inside");
    }
    ~Folder() { fs::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    std::string file(const std::string& name, const std::string& text) const {
        std::ofstream(path_ / name, std::ios::binary) << text;
        return (path_ / name).generic_string();
    }
    std::string text() const { return path_.generic_string() + "/"; }

private:
    fs::path path_;
};

}  // namespace

TEST_CASE("of a long file only what is allowed and one byte more is read", "[app]") {
    const Folder folder("sluice_file_sources_length");
    FileSources sources;
    CHECK(sources.read(folder.file("a", std::string(100'000, 'x')), 64)->size() == 65);
    CHECK(sources.read(folder.file("b", "abc"), 64) == "abc");
    CHECK(sources.read(folder.file("c", ""), 64) == "");
}

TEST_CASE("a file that can't be read says why", "[app]") {
    const Folder folder("sluice_file_sources_why");
    FileSources sources;
    CHECK(sources.read(folder.text() + "missing", 10).error() == "there is no such file");
    CHECK(sources.read(folder.text() + "inside", 10).error() == "it is a folder");
}

TEST_CASE("a folder is listed with what is a folder in it", "[app]") {
    const Folder folder("sluice_file_sources_list");
    (void)folder.file("a.json", "{}");
    FileSources sources;
    auto entries = sources.list(folder.text());
    std::ranges::sort(entries, {}, &config::Sources::Entry::name);
    REQUIRE(entries.size() == 2);
    CHECK(entries[0].name == "a.json");
    CHECK_FALSE(entries[0].is_folder);
    CHECK(entries[1].is_folder);
    CHECK(sources.list(folder.text() + "missing").empty());
}

TEST_CASE("a variable that is not set is none", "[app]") {
    FileSources sources;
    CHECK_FALSE(sources.variable("SLUICE_TEST_NO_SUCH_VARIABLE"));
    CHECK(sources.variable("PATH"));
}

}  // namespace sluice::app
