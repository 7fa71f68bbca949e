#include "service/lifecycle.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "macos/job.hpp"
#include "service/host.hpp"
#include "service/log_output.hpp"

using namespace sluice::service;

namespace {

class Folder {
public:
    Folder() {
        std::array<char, 32> name{"/tmp/sluice-test-XXXXXX"};
        path_ = ::mkdtemp(name.data());
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    [[nodiscard]] std::string operator/(const char* name) const { return path_ + "/" + name; }

private:
    std::string path_;
};

/// A variable of the environment, for the life of this object.
class Variable {
public:
    Variable(const char* name, const std::string& value) : name_(name) { ::setenv(name, value.c_str(), 1); }
    ~Variable() { ::unsetenv(name_); }

private:
    const char* name_;
};

std::string content(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// A descriptor that is put back at the end.
class Saved {
public:
    explicit Saved(int descriptor) : descriptor_(descriptor), copy_(::dup(descriptor)) {}
    ~Saved() {
        ::dup2(copy_, descriptor_);
        ::close(copy_);
    }

private:
    int descriptor_;
    int copy_;
};

void write_to(int descriptor, std::string_view text) {
    REQUIRE(::write(descriptor, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
}

}  // namespace

TEST_CASE("Under launchd the process id stands in a file from ready to the stop", "[service][macos]") {
    const Folder folder;
    const std::string path = folder / "web.pid";
    const Variable variable(pid_file_variable, path);
    Lifecycle lifecycle;
    REQUIRE(lifecycle.starting("binding"));
    CHECK_FALSE(std::filesystem::exists(path));
    REQUIRE(lifecycle.ready("ready"));
    CHECK(content(path) == std::to_string(::getpid()) + "\n");
    REQUIRE(lifecycle.stopping(std::chrono::seconds(30)));
    CHECK_FALSE(std::filesystem::exists(path));
    CHECK(lifecycle.ended(0, {}));
}

TEST_CASE("Without launchd no file of the process id is written", "[service][macos]") {
    Lifecycle lifecycle;
    CHECK(lifecycle.ready("ready"));
    CHECK(lifecycle.stopping(std::chrono::seconds(30)));
}

TEST_CASE("Under launchd the log goes on in a new file after the old one was moved", "[service][macos]") {
    const Folder folder;
    const std::string path = folder / "web.log";
    const Saved saved(STDERR_FILENO);
    const Variable variable(error_file_variable, path);
    REQUIRE(reopen_log_output());
    write_to(STDERR_FILENO, "one\n");
    std::filesystem::rename(path, folder / "web.log.0");
    write_to(STDERR_FILENO, "two\n");
    const auto reopened = reopen_log_output();
    write_to(STDERR_FILENO, "three\n");
    REQUIRE(reopened);
    CHECK(content(folder / "web.log.0") == "one\ntwo\n");
    CHECK(content(path) == "three\n");
    struct stat facts {};
    REQUIRE(::stat(path.c_str(), &facts) == 0);
    CHECK((facts.st_mode & 07) == 0);
}

TEST_CASE("A log file that can't be opened is told, and the log goes on in the old one", "[service][macos]") {
    const Folder folder;
    const std::string path = folder / "web.log";
    const Saved saved(STDERR_FILENO);
    {
        const Variable variable(error_file_variable, path);
        REQUIRE(reopen_log_output());
    }
    const Variable variable(error_file_variable, folder / "missing/web.log");
    CHECK_FALSE(reopen_log_output());
    write_to(STDERR_FILENO, "still here\n");
    CHECK(content(path) == "still here\n");
}

TEST_CASE("Only a job of ours counts as hosted by launchd, and is bound to its one process", "[service][macos]") {
    CHECK_FALSE(is_hosted());
    CHECK_FALSE(knows_one_process());
    {
        const Variable terminal("XPC_SERVICE_NAME", "0");
        CHECK_FALSE(is_hosted());
    }
    const Variable job("XPC_SERVICE_NAME", "dev.sluice.web");
    CHECK(is_hosted());
    CHECK(knows_one_process());
}
