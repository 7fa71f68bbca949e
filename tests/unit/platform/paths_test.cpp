#include "platform/paths.hpp"

#include <catch2/catch.hpp>
#include <filesystem>

using namespace sluice::platform;

namespace {

std::filesystem::path path_of(const std::string& utf8) {
    return std::u8string(utf8.begin(), utf8.end());
}

}  // namespace

TEST_CASE("standard folders are absolute and end without a separator", "[platform]") {
    for (const std::string& folder : {config_folder(), log_folder(), state_folder()}) {
        INFO(folder);
        CHECK(path_of(folder).is_absolute());
        CHECK(folder.find_last_of("/\\") != folder.size() - 1);
    }
}

TEST_CASE("there is a folder for what is of use while the gateway runs", "[platform]") {
    REQUIRE_FALSE(runtime_folders().empty());
    for (const std::string& folder : runtime_folders()) CHECK(path_of(folder).is_absolute());
}

TEST_CASE("the default configuration file lies in the configuration folder", "[platform]") {
    const std::string file = default_config_file();
    CHECK(file.starts_with(config_folder()));
    CHECK(path_of(file).filename() == "sluice.json");
}

TEST_CASE("the executable's path names the program that runs", "[platform]") {
    const std::filesystem::path path = path_of(executable_path());
    CHECK(path.is_absolute());
    CHECK(path.stem() == "unit_platform");
    CHECK(std::filesystem::exists(path));
}
