#include "platform/poll_sockets.hpp"

#include <vector>

#include "windows/system_calls.hpp"

namespace sluice::platform {
namespace {

short events_of(const PolledSocket& socket) {
    int events = 0;
    if (socket.wants_read) events |= POLLRDNORM;
    if (socket.wants_write) events |= POLLWRNORM;
    return static_cast<short>(events);
}

}  // namespace

void poll_sockets(std::span<PolledSocket> sockets, std::chrono::milliseconds timeout) {
    // WSAPoll refuses an empty list.
    if (sockets.empty()) ::Sleep(static_cast<DWORD>(timeout.count()));
    std::vector<WSAPOLLFD> entries;
    entries.reserve(sockets.size());
    for (const PolledSocket& socket : sockets) entries.push_back({socket.socket, events_of(socket), 0});
    const int ready =
        entries.empty() ? 0 : ::WSAPoll(entries.data(), static_cast<ULONG>(entries.size()), static_cast<int>(timeout.count()));
    for (std::size_t i = 0; i < sockets.size(); ++i) {
        const int came = ready > 0 ? entries[i].revents : 0;
        const bool is_broken = (came & (POLLERR | POLLHUP | POLLNVAL)) != 0;
        sockets[i].can_read = sockets[i].wants_read && (is_broken || (came & POLLRDNORM) != 0);
        sockets[i].can_write = sockets[i].wants_write && (is_broken || (came & POLLWRNORM) != 0);
    }
}

}  // namespace sluice::platform
