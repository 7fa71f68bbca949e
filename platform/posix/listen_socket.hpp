#pragma once

#include "platform/shared_listener.hpp"

namespace sluice::platform {

/// What a system does to a TCP socket on its way to listening; false with errno stops it.
struct ListenSteps {
    bool (*before_bind)(NativeSocket socket) = nullptr;
    bool (*after_bind)(NativeSocket socket) = nullptr;
};

/// Opens, binds and listens; the part of open_listener that POSIX systems share.
[[nodiscard]] Result<OpenListener> open_listen_socket(const ListenAddress& address,
                                                      std::uint32_t backlog, ListenSteps steps);

}  // namespace sluice::platform
