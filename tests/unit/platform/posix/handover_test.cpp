#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "platform/predecessor.hpp"
#include "platform/program.hpp"
#include "platform/service_notice.hpp"
#include "platform/shared_listener.hpp"
#include "platform/successor.hpp"
#include "posix/message_channel.hpp"

using namespace sluice;
using namespace sluice::platform;
using namespace std::chrono_literals;

namespace {

Program shell(const std::string& script) { return {"/bin/sh", {"sh", "-c", script}}; }

/// What the process says to its end.
Error end_of(Successor& successor) {
    const auto message = successor.receive(20s);
    REQUIRE_FALSE(message.has_value());
    return message.error();
}

MessageChannel channel_of(OwnedSocket& end) { return MessageChannel(std::move(end)); }

bool is_inherited(int descriptor) { return (::fcntl(descriptor, F_GETFD) & FD_CLOEXEC) == 0; }

}  // namespace

TEST_CASE("a message arrives with its text and its sockets", "[platform]") {
    auto pair = open_channel_pair();
    REQUIRE(pair.has_value());
    MessageChannel one = channel_of(pair->ours);
    MessageChannel other = channel_of(pair->theirs);
    const auto listener = open_listener({AddressFamily::Ipv4, "127.0.0.1", 0}, 8);
    REQUIRE(listener.has_value());
    const std::vector<NativeSocket> sockets{listener->native_handle(), listener->native_handle()};
    REQUIRE(one.send("first", sockets).has_value());
    REQUIRE(one.send("", {}).has_value());
    auto first = other.receive();
    REQUIRE(first.has_value());
    REQUIRE(first->has_value());
    CHECK((*first)->text == "first");
    REQUIRE((*first)->sockets.size() == 2);
    for (const OwnedSocket& socket : (*first)->sockets) {
        CHECK_FALSE(is_inherited(socket.get()));
        int is_listening = 0;
        socklen_t size = sizeof is_listening;
        CHECK(::getsockopt(socket.get(), SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &size) == 0);
        CHECK(is_listening == 1);
    }
    const auto second = other.receive();
    REQUIRE(second.has_value());
    REQUIRE(second->has_value());
    CHECK((*second)->sockets.empty());
    const auto none = other.receive();
    REQUIRE(none.has_value());
    CHECK_FALSE(none->has_value());
}

TEST_CASE("a message that is longer than a buffer arrives whole, and the end of the channel is told", "[platform]") {
    auto pair = open_channel_pair();
    REQUIRE(pair.has_value());
    MessageChannel one = channel_of(pair->ours);
    MessageChannel other = channel_of(pair->theirs);
    const std::string text(50'000, 'x');
    REQUIRE(one.send(text, {}).has_value());
    one.close();
    const auto message = other.receive();
    REQUIRE(message.has_value());
    REQUIRE(message->has_value());
    CHECK((*message)->text == text);
    CHECK_FALSE(other.receive().has_value());
}

TEST_CASE("what is no message is refused", "[platform]") {
    auto pair = open_channel_pair();
    REQUIRE(pair.has_value());
    const std::string noise(64, '\xff');
    REQUIRE(::send(pair->ours.get(), noise.data(), noise.size(), 0) == 64);
    MessageChannel other = channel_of(pair->theirs);
    CHECK_FALSE(other.receive().has_value());
}

TEST_CASE("the end of a successor is told with its exit code and its last words", "[platform]") {
    auto successor = Successor::start(shell("echo no library >&2; exit 9"));
    REQUIRE(successor.has_value());
    CHECK(end_of(**successor).context().find("exit code 9") != std::string::npos);
    CHECK((*successor)->stop().find("no library") != std::string::npos);
}

TEST_CASE("a program that is not there is no successor", "[platform]") {
    CHECK_FALSE(Successor::start({"/no/such/program", {"program"}}).has_value());
}

TEST_CASE("a successor that says nothing is waited for no longer than asked, and killed when it is stopped", "[platform]") {
    auto successor = Successor::start(shell("exec sleep 600"));
    REQUIRE(successor.has_value());
    const auto message = (*successor)->receive(50ms);
    REQUIRE(message.has_value());
    CHECK_FALSE(message->has_value());
    const auto pid = static_cast<pid_t>((*successor)->pid());
    static_cast<void>((*successor)->stop());
    CHECK(::kill(pid, 0) != 0);
}

TEST_CASE("a successor inherits the channel, our standard error and the standard streams, and nothing else", "[platform]") {
    // Without FD_CLOEXEC, as libraries open them.
    const OwnedSocket stray(::fcntl(STDOUT_FILENO, F_DUPFD, 50));
    REQUIRE(is_inherited(stray.get()));
    auto successor = Successor::start(
        shell("for n in 3 4 5 6 7 8 9 10 11 12 13 50 51; do test -e /dev/fd/$n && echo has $n >&2; done; "
              "echo named $SLUICE_SUCCESSOR >&2; exit 0"));
    REQUIRE(successor.has_value());
    static_cast<void>(end_of(**successor));
    const std::string words = (*successor)->stop();
    CHECK(words.find("has 3\n") != std::string::npos);
    CHECK(words.find("has 4\n") != std::string::npos);
    CHECK(words.find("has 50") == std::string::npos);
    CHECK(words.find("has 51") == std::string::npos);
    CHECK(words.find("named 3:4\n") != std::string::npos);
}

TEST_CASE("a process that was started by something else has no predecessor", "[platform]") {
    CHECK(Predecessor::find() == nullptr);
    // Descriptor 3 is no channel here, whatever the environment says.
    ::setenv("SLUICE_SUCCESSOR", "7:8", 1);
    CHECK(Predecessor::find() == nullptr);
    CHECK(std::getenv("SLUICE_SUCCESSOR") == nullptr);
}

TEST_CASE("a program is known by its absolute path, which is not resolved further", "[platform]") {
    const std::array<const char*, 2> relative{"./bin/program", "run"};
    const Program program = program_of(2, relative.data());
    CHECK(program.path.front() == '/');
    CHECK(program.path.ends_with("bin/program"));
    CHECK(program.arguments == std::vector<std::string>{"./bin/program", "run"});
    const std::array<const char*, 1> named{"sh"};
    const Program found = program_of(1, named.data());
    CHECK(found.path.ends_with("/sh"));
    CHECK(::access(found.path.c_str(), X_OK) == 0);
}

TEST_CASE("the service manager is told at the socket that it names", "[platform]") {
    ::unsetenv("NOTIFY_SOCKET");
    CHECK(notify_service_manager("READY=1").has_value());
    std::array<char, 64> folder{"/tmp/sluice-notify-XXXXXX"};
    REQUIRE(::mkdtemp(folder.data()) != nullptr);
    const std::string path = std::string(folder.data()) + "/socket";
    const OwnedSocket heard(::socket(AF_UNIX, SOCK_DGRAM, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    REQUIRE(::bind(heard.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
    CHECK(notify_service_manager("READY=1\nMAINPID=7").has_value());
    std::array<char, 64> got{};
    const ssize_t size = ::recv(heard.get(), got.data(), got.size(), 0);
    CHECK(std::string(got.data(), static_cast<std::size_t>(size)) == "READY=1\nMAINPID=7");
    ::unlink(path.c_str());
    CHECK_FALSE(notify_service_manager("READY=1").has_value());
    ::unsetenv("NOTIFY_SOCKET");
    ::rmdir(folder.data());
}
