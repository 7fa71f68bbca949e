#include "posix/system_file.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <string>

#include "platform/process_facts.hpp"

using namespace sluice;
using namespace sluice::service;

TEST_CASE("a system file is written for everybody, read again and removed", "[service]") {
    const std::string path = "/tmp/sluice-system-file-" + std::to_string(platform::pid());
    const mode_t mask = ::umask(077);
    CHECK(write_system_file(path, "one\n").has_value());
    CHECK(write_system_file(path, "two\n").has_value());
    ::umask(mask);
    struct stat facts {};
    REQUIRE(::stat(path.c_str(), &facts) == 0);
    CHECK((facts.st_mode & 0777U) == 0644U);
    CHECK(read_system_file(path) == "two\n");
    CHECK(remove_system_file(path).has_value());
    CHECK(remove_system_file(path).has_value());
    CHECK(read_system_file(path) == std::nullopt);
}

TEST_CASE("a system file that can't be written is named", "[service]") {
    const Result<void> failed = write_system_file("/no/such/folder/unit", "text");
    REQUIRE_FALSE(failed.has_value());
    CHECK(failed.error().context().find("/no/such/folder/unit") != std::string::npos);
}
