#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "platform/peer_user.hpp"
#include "platform/shared_listener.hpp"
#include "unit/platform/client.hpp"

using namespace sluice::platform;

namespace {

/// A folder of the test's own, removed at its end.
class SocketFolder {
public:
    SocketFolder() {
        char name[] = "/tmp/sluice-test-XXXXXX";
        path_ = ::mkdtemp(name);
    }
    SocketFolder(const SocketFolder&) = delete;
    SocketFolder& operator=(const SocketFolder&) = delete;
    ~SocketFolder() { std::filesystem::remove_all(path_); }

    [[nodiscard]] ListenAddress socket() const {
        return {AddressFamily::Unix, path_ + "/gateway.sock", 0};
    }

private:
    std::string path_;
};

}  // namespace

TEST_CASE("a Unix-domain listener takes connections and is handed over", "[platform]") {
    const SocketFolder folder;
    CHECK(sharing_strategy(folder.socket()) == SharingStrategy::HandOver);
    const auto listener = open_listener(folder.socket(), 16);
    REQUIRE(listener);
    CHECK(listener->port() == 0);
    CHECK_FALSE(open_sibling(*listener, 16));
    Client client(folder.socket());
    REQUIRE(client.is_connected());
    const auto accepted = accept_soon(*listener);
    REQUIRE(accepted);
    CHECK(accepted->peer.text() == "unix");
    CHECK(peer_user(accepted->socket.get()) == own_user());
}

TEST_CASE("a private Unix-domain socket is for its user alone", "[platform]") {
    const SocketFolder folder;
    ListenAddress address = folder.socket();
    address.is_private = true;
    const auto listener = open_listener(address, 16);
    REQUIRE(listener);
    struct stat facts {};
    REQUIRE(::stat(address.host.c_str(), &facts) == 0);
    CHECK((facts.st_mode & 07777) == 0600);
}

TEST_CASE("a TCP connection does not tell the user at its other end", "[platform]") {
    const auto listener = open_listener({AddressFamily::Ipv4, "127.0.0.1", 0}, 16);
    REQUIRE(listener);
    Client client(listener->address());
    const auto accepted = accept_soon(*listener);
    REQUIRE(accepted);
    CHECK_FALSE(peer_user(accepted->socket.get()));
}

TEST_CASE("a socket file is for its owner and group", "[platform]") {
    const SocketFolder folder;
    const auto listener = open_listener(folder.socket(), 16);
    REQUIRE(listener);
    struct stat facts {};
    REQUIRE(::stat(folder.socket().host.c_str(), &facts) == 0);
    CHECK((facts.st_mode & 0777U) == 0660U);
}

TEST_CASE("closing a Unix-domain listener removes its file", "[platform]") {
    const SocketFolder folder;
    auto listener = open_listener(folder.socket(), 16);
    REQUIRE(listener);
    listener->close();
    CHECK_FALSE(std::filesystem::exists(folder.socket().host));
}

TEST_CASE("a moved listener keeps its socket file", "[platform]") {
    const SocketFolder folder;
    OpenListener kept;
    {
        auto listener = open_listener(folder.socket(), 16);
        REQUIRE(listener);
        kept = std::move(*listener);
    }
    CHECK(Client(folder.socket()).is_connected());
}

TEST_CASE("a stale socket file is replaced", "[platform]") {
    const SocketFolder folder;
    const std::string path = folder.socket().host;
    {
        // What a killed process leaves: a file that nobody listens on.
        const auto dead = open_listener(folder.socket(), 16);
        REQUIRE(dead);
        REQUIRE(::rename(path.c_str(), (path + ".kept").c_str()) == 0);
    }
    REQUIRE(::rename((path + ".kept").c_str(), path.c_str()) == 0);
    CHECK_FALSE(Client(folder.socket()).is_connected());
    const auto listener = open_listener(folder.socket(), 16);
    REQUIRE(listener);
    CHECK(Client(folder.socket()).is_connected());
}

TEST_CASE("a socket file that somebody listens on is left alone", "[platform]") {
    const SocketFolder folder;
    const auto first = open_listener(folder.socket(), 16);
    REQUIRE(first);
    CHECK_FALSE(open_listener(folder.socket(), 16));
    CHECK(Client(folder.socket()).is_connected());
}

TEST_CASE("a file that is no socket is never removed", "[platform]") {
    const SocketFolder folder;
    std::ofstream(folder.socket().host) << "precious";
    CHECK_FALSE(open_listener(folder.socket(), 16));
    CHECK(std::filesystem::file_size(folder.socket().host) == 8);
}
