#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "platform/shared_listener.hpp"
#include "platform/socket.hpp"

namespace sluice::platform {

/// A socket that the service manager bound before it started this process, and that it keeps too: systemd's
/// sd_listen_fds(3), launchd's launch_activate_socket(3).
struct ActivatedSocket {
    /// By which the manager's settings know it: FileDescriptorName= of systemd's socket unit, the key below Sockets of
    /// launchd's property list. For people.
    std::string name;
    /// Non-blocking and not inherited by child processes.
    OwnedSocket socket;
};

/// The sockets that this process was started with; none when it was not, and at each later call. Always none on Windows.
///
/// Threading: the main thread, before others read the environment.
/// Failure:   the manager tells of sockets that are not there.
[[nodiscard]] Result<std::vector<ActivatedSocket>> take_activated_sockets();

/// Where a socket listens, as open_listener would have been told.
///
/// Failure:   it is no stream socket, or does not listen.
[[nodiscard]] Result<ListenAddress> listening_address(NativeSocket socket);

}  // namespace sluice::platform
