#include "platform/private_file.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>

#include "platform/process_facts.hpp"

using namespace sluice::platform;

namespace {

/// A folder that is not there yet, removed with all in it at the end.
class Folder {
public:
    Folder() : path_(std::filesystem::temp_directory_path() / ("sluice-private-" + std::to_string(pid()))) {}
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() { std::filesystem::remove_all(path_); }
    [[nodiscard]] std::string file(const std::string& name) const { return (path_ / name).string(); }

private:
    std::filesystem::path path_;
};

}  // namespace

TEST_CASE("a private file is written with its folder, read, overwritten and removed", "[platform]") {
    const Folder folder;
    const std::string path = folder.file("a.token");
    REQUIRE(write_private_file(path, "first"));
    CHECK(read_private_file(path).value() == "first");
    REQUIRE(write_private_file(path, "second"));
    CHECK(read_private_file(path).value() == "second");
    remove_private_file(path);
    CHECK_FALSE(read_private_file(path));
    remove_private_file(path);
}

TEST_CASE("what is too large for a private file is not read", "[platform]") {
    const Folder folder;
    const std::string path = folder.file("large");
    REQUIRE(write_private_file(path, std::string(64 * 1024 + 1, 'x')));
    CHECK_FALSE(read_private_file(path));
}
