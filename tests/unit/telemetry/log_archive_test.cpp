#include "telemetry/log_archive.hpp"

#include <zlib.h>

#include <catch2/catch.hpp>
#include <string>

#include "base/random.hpp"
#include "log_folder.hpp"
#include "telemetry/gzip.hpp"

using namespace sluice;
using telemetry::archived_files;

namespace {

/// What an independent reader of gzip makes of a file.
std::string unzipped(const std::string& path) {
    const gzFile file = gzopen(path.c_str(), "rb");
    REQUIRE(file != nullptr);
    std::string text;
    char piece[4096];
    for (int got = 0; (got = gzread(file, piece, sizeof piece)) > 0;) text.append(piece, static_cast<std::size_t>(got));
    CHECK(gzclose(file) == Z_OK);
    return text;
}

constexpr std::int64_t some_time = 1'796'033'700'000;  // 2026-11-30T10:15:00Z

}  // namespace

TEST_CASE("archived files are told apart from others, the oldest first", "[telemetry]") {
    const LogFolder folder;
    for (const char* name : {"access.log", "access.log.20261129-101500-10", "access.log.20261129-101500-2.gz", "access.log.20261129-101500",
                             "access.log.20251231-235959.gz", "access.log.1", "access.log.backup", "access.log.20261129-101500.part",
                             "access.log.20261129-1015000", "other.log.20261129-101500", "access.log.20261129_101500"}) {
        folder.write(name, "x");
    }
    const std::string log = folder.file("access.log");
    CHECK(archived_files(log) == std::vector<std::string>{log + ".20251231-235959.gz", log + ".20261129-101500", log + ".20261129-101500-2.gz",
                                                          log + ".20261129-101500-10"});
    CHECK(archived_files(folder.file("none.log")).empty());
    CHECK(archived_files("/no/such/folder/access.log").empty());
}

TEST_CASE("a file put aside in a second that has one already gets a name behind it", "[telemetry]") {
    const LogFolder folder;
    const std::string log = folder.file("access.log");
    const telemetry::LogArchive archive(log, [](const std::string&) {});
    CHECK(archive.next_name(some_time) == log + ".20261130-101500");
    folder.write("access.log.20261130-101500.gz", "x");
    CHECK(archive.next_name(some_time) == log + ".20261130-101500-1");
    folder.write("access.log.20261130-101500-1", "x");
    CHECK(archive.next_name(some_time + 999) == log + ".20261130-101500-2");
    CHECK(archive.next_name(some_time + 1000) == log + ".20261130-101501");
}

TEST_CASE("the first line tells when a log began, as JSON and as text", "[telemetry]") {
    const LogFolder folder;
    folder.write("json", "{\"time\":\"2026-11-30T10:15:00.123Z\",\"level\":\"info\"}\n");
    folder.write("text", "2026-11-30T10:15:00.123Z info  message\n");
    folder.write("other", "The quick brown fox\n");
    folder.write("nonsense", "2026-13-99T10:15:00.123Z info\n");
    folder.write("empty", "");
    CHECK(telemetry::first_time_in(folder.file("json")) == some_time);
    CHECK(telemetry::first_time_in(folder.file("text")) == some_time);
    for (const char* name : {"other", "nonsense", "empty", "missing"}) CHECK(telemetry::first_time_in(folder.file(name)) == 0);
}

TEST_CASE("a compressed file is what gzip's own reader reads, and the plain one is gone", "[telemetry]") {
    const LogFolder folder;
    std::string text;
    Random random(7);
    const std::size_t size = GENERATE(std::size_t{0}, std::size_t{1}, std::size_t{65536}, std::size_t{300'001});
    while (text.size() < size) text.push_back(static_cast<char>(random.next() & 0xff));
    folder.write("plain", text);
    const Result<bool> done = telemetry::compress_file(folder.file("plain"), folder.file("plain.gz"), [] { return false; });
    REQUIRE(done);
    CHECK(*done);
    CHECK(unzipped(folder.file("plain.gz")) == text);
    CHECK_FALSE(std::filesystem::exists(folder.file("plain")));
    CHECK_FALSE(std::filesystem::exists(folder.file("plain.gz.part")));
}

TEST_CASE("a compression that is broken off leaves the plain file as it was", "[telemetry]") {
    const LogFolder folder;
    folder.write("plain", std::string(200'000, 'x'));
    int pieces = 0;
    const Result<bool> done = telemetry::compress_file(folder.file("plain"), folder.file("plain.gz"), [&] { return ++pieces == 2; });
    REQUIRE(done);
    CHECK_FALSE(*done);
    CHECK(folder.content("plain") == std::string(200'000, 'x'));
    CHECK_FALSE(std::filesystem::exists(folder.file("plain.gz")));
    CHECK_FALSE(std::filesystem::exists(folder.file("plain.gz.part")));
}

TEST_CASE("a file that can't be read is told by its name", "[telemetry]") {
    const LogFolder folder;
    const Result<bool> done = telemetry::compress_file(folder.file("missing"), folder.file("missing.gz"), [] { return false; });
    REQUIRE_FALSE(done);
    CHECK(done.error().context().find("missing") != std::string::npos);
}
