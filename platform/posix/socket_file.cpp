#include "posix/socket_file.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "posix/system_calls.hpp"

namespace sluice::platform {
namespace {

/// The error of a try to connect; 0 when it was taken.
int connect_error(const SocketAddress& target) {
    const OwnedSocket probe(open_stream_socket(AF_UNIX));
    if (!probe.is_open()) return errno;
    const int outcome =
        ::connect(probe.get(), target.data(), static_cast<socklen_t>(target.size()));
    return outcome == 0 ? 0 : errno;
}

/// Removes a socket file that nobody listens on. Errors are told by errno.
bool remove_stale_file(const std::string& path, const SocketAddress& target) {
    struct stat facts {};
    if (::lstat(path.c_str(), &facts) != 0) return errno == ENOENT;
    if (!S_ISSOCK(facts.st_mode)) {
        errno = ENOTSOCK;
        return false;
    }
    // EAGAIN stands for a listener whose queue is full: alive as well.
    if (connect_error(target) != ECONNREFUSED) {
        errno = EADDRINUSE;
        return false;
    }
    return ::unlink(path.c_str()) == 0 || errno == ENOENT;
}

}  // namespace

Result<void> bind_socket_file(NativeSocket socket, const ListenAddress& address,
                              const SocketAddress& target) {
    const mode_t mode = address.is_private ? 0600 : 0660;
    const std::string& path = address.host;
    if (!remove_stale_file(path, target) ||
        ::bind(socket, target.data(), static_cast<socklen_t>(target.size())) != 0) {
        return fail(listen_error(address, last_error()));
    }
    // Nobody can connect before listen(), so the mode is in force in time.
    if (::chmod(path.c_str(), mode) != 0) {
        const std::error_code cause = last_error();
        ::unlink(path.c_str());
        return fail(listen_error(address, cause));
    }
    return {};
}

}  // namespace sluice::platform
