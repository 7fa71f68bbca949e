#include "telemetry/file_sink.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <thread>

using namespace sluice;
using telemetry::FileSink;

namespace {

/// A path for one test's file that is removed at the end.
struct TemporaryPath {
    std::string path;
    explicit TemporaryPath(const std::string& name) {
        // Test runs may go on side by side.
        const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
        const std::string file = "sluice_" + name + "_" + std::to_string(now);
        path = (std::filesystem::temp_directory_path() / file).string();
    }
    ~TemporaryPath() { std::remove(path.c_str()); }
};

std::string content(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

}  // namespace

TEST_CASE("FileSink appends to what is there and has written all when it ends", "[telemetry]") {
    const TemporaryPath file("append");
    std::ofstream(file.path, std::ios::binary) << "before\n";
    {
        const auto sink = FileSink::open(file.path, FileSink::Format::Json, {}, [](const std::string&) {});
        REQUIRE(sink);
        CHECK_FALSE((*sink)->wants_text());
        std::string lines = "one\ntwo\n";
        CHECK((*sink)->take(lines));
        CHECK(lines.empty());
        lines = "three\n";
        CHECK((*sink)->take(lines));
    }
    CHECK(content(file.path) == "before\none\ntwo\nthree\n");
}

TEST_CASE("FileSink says which file it cannot open", "[telemetry]") {
    const auto sink = FileSink::open("/no/such/folder/access.log", FileSink::Format::Text, {}, [](const std::string&) {});
    REQUIRE_FALSE(sink);
    CHECK(sink.error().side == Side::Internal);
    CHECK(sink.error().context().find("/no/such/folder/access.log") != std::string::npos);
    CHECK(sink.error().cause());
}

TEST_CASE("FileSink refuses what its queue cannot hold", "[telemetry]") {
    const TemporaryPath file("full");
    const auto sink = FileSink::open(file.path, FileSink::Format::Text, {}, [](const std::string&) {});
    REQUIRE(sink);
    std::string too_much(std::size_t{9} * 1024 * 1024, 'x');
    CHECK_FALSE((*sink)->take(too_much));
    CHECK(too_much.size() == std::size_t{9} * 1024 * 1024);
}

TEST_CASE("Lines of several workers stay whole", "[telemetry]") {
    constexpr int batches = 200;
    const TemporaryPath file("whole");
    {
        const auto sink = FileSink::open(file.path, FileSink::Format::Json, {}, [](const std::string&) {});
        REQUIRE(sink);
        const auto work = [&](char letter) {
            std::string lines;
            for (int i = 0; i < batches; ++i) {
                lines.append(50, letter).append("\n").append(70, letter).append("\n");
                while (!(*sink)->take(lines)) std::this_thread::yield();
            }
        };
        std::thread one(work, 'a');
        std::thread two(work, 'b');
        one.join();
        two.join();
    }
    std::istringstream lines(content(file.path));
    std::map<std::string, int> counts;
    for (std::string line; std::getline(lines, line);) ++counts[line];
    CHECK(counts == std::map<std::string, int>{{std::string(50, 'a'), batches},
                                               {std::string(70, 'a'), batches},
                                               {std::string(50, 'b'), batches},
                                               {std::string(70, 'b'), batches}});
}
