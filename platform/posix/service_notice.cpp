#include "platform/service_notice.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>

#include "platform/socket.hpp"
#include "posix/inherited_descriptors.hpp"
#include "posix/system_calls.hpp"

namespace sluice::platform {
namespace {

constexpr int most_tries = 20;
constexpr int patience_milliseconds = 100;

}  // namespace

Result<void> notify_service_manager(std::string_view lines) {
    const char* const variable = std::getenv("NOTIFY_SOCKET");
    const std::string_view path = variable == nullptr ? std::string_view{} : variable;
    if (path.empty()) return {};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        return fail(system_error("NOTIFY_SOCKET is too long", std::make_error_code(std::errc::filename_too_long)));
    }
    std::memcpy(address.sun_path, path.data(), path.size());
    // Linux' abstract sockets have no file; their names begin with a zero.
    if (path.front() == '@') address.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
    const OwnedSocket socket(::socket(AF_UNIX, SOCK_DGRAM, 0));
    if (!socket.is_open() || !set_non_blocking_and_private(socket.get())) {
        return fail(system_error("telling the service manager at " + std::string(path), last_error()));
    }
    // A lost word may be the end of the service: a manager that is busy is waited for.
    for (int tries = 0; tries < most_tries; ++tries) {
        if (::sendto(socket.get(), lines.data(), lines.size(), 0, reinterpret_cast<const sockaddr*>(&address), size) >= 0) return {};
        if (errno != EAGAIN && errno != EINTR) break;
        pollfd wait{.fd = socket.get(), .events = POLLOUT, .revents = 0};
        ::poll(&wait, 1, patience_milliseconds);
    }
    return fail(system_error("telling the service manager at " + std::string(path), last_error()));
}

bool standard_error_is_journal() {
    const char* const named = std::getenv("JOURNAL_STREAM");
    struct stat facts {};
    if (named == nullptr || ::fstat(STDERR_FILENO, &facts) != 0) return false;
    if (named == std::to_string(facts.st_dev) + ":" + std::to_string(facts.st_ino)) return true;
    // At first a successor writes into a pipe: it believes what its predecessor has found.
    if (std::getenv(successor_variable) != nullptr) return true;
    ::unsetenv("JOURNAL_STREAM");
    return false;
}

}  // namespace sluice::platform
