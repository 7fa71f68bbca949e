#include "platform/private_file.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace sluice::platform;

namespace {

class MadeFolder {
public:
    MadeFolder() {
        char name[] = "/tmp/sluice-test-XXXXXX";
        path_ = ::mkdtemp(name);
    }
    MadeFolder(const MadeFolder&) = delete;
    MadeFolder& operator=(const MadeFolder&) = delete;
    ~MadeFolder() { std::filesystem::remove_all(path_); }
    [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

private:
    std::string path_;
};

mode_t mode_of(const std::string& path) {
    struct stat facts {};
    ::lstat(path.c_str(), &facts);
    return facts.st_mode;
}

std::string content_of(const std::string& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("a private file is its user's alone, whatever stood there before", "[platform]") {
    const MadeFolder folder;
    const std::string path = folder.file("a.token");
    std::ofstream(path) << "old";
    ::chmod(path.c_str(), 0666);
    REQUIRE(write_private_file(path, "new"));
    CHECK((mode_of(path) & 07777) == 0600);
    CHECK(content_of(path) == "new");
}

TEST_CASE("a link in the place of a private file is replaced and not followed", "[platform]") {
    const MadeFolder folder;
    const std::string victim = folder.file("victim");
    const std::string path = folder.file("a.token");
    std::ofstream(victim) << "untouched";
    REQUIRE(::symlink(victim.c_str(), path.c_str()) == 0);
    CHECK_FALSE(read_private_file(path));
    REQUIRE(write_private_file(path, "secret"));
    CHECK(content_of(victim) == "untouched");
    CHECK(S_ISREG(mode_of(path)));
}

TEST_CASE("a folder in which others may write is no place for a private file", "[platform]") {
    const MadeFolder folder;
    const std::string open = folder.file("open");
    REQUIRE(::mkdir(open.c_str(), 0777) == 0);
    REQUIRE(::chmod(open.c_str(), 0777) == 0);
    CHECK_FALSE(write_private_file(open + "/a.token", "secret"));
    const std::string link = folder.file("link");
    REQUIRE(::symlink("/tmp", link.c_str()) == 0);
    CHECK_FALSE(write_private_file(link + "/a.token", "secret"));
}

TEST_CASE("a pipe is no private file, and is not waited for", "[platform]") {
    const MadeFolder folder;
    const std::string path = folder.file("pipe");
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    CHECK_FALSE(read_private_file(path));
}
