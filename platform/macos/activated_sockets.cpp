#include "platform/activated_sockets.hpp"

#include <launch.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <span>
#include <utility>

#include "posix/system_calls.hpp"

namespace sluice::platform {
namespace {

struct Free {
    void operator()(int* memory) const { std::free(memory); }
};

/// Of one key below Sockets: a key without an address family stands for several sockets. An error number.
int take(const std::string& name, std::vector<ActivatedSocket>& sockets) {
    int* descriptors = nullptr;
    std::size_t count = 0;
    if (const int error = ::launch_activate_socket(name.c_str(), &descriptors, &count); error != 0) return error;
    const std::unique_ptr<int, Free> owner(descriptors);
    // Each is ours from here on, also when one of them is unfit.
    int error = 0;
    for (const int descriptor : std::span(descriptors, count)) {
        sockets.push_back({name, OwnedSocket(descriptor)});
        if (!set_non_blocking_and_private(descriptor)) error = errno;
    }
    return error;
}

}  // namespace

// launchd has to be asked by name, and tells no names: 'sluice service install' numbers them (service/macos/job.cpp).
Result<std::vector<ActivatedSocket>> take_activated_sockets() {
    std::vector<ActivatedSocket> sockets;
    for (int number = 0;; ++number) {
        const std::string name = "Listener" + std::to_string(number);
        const int error = take(name, sockets);
        // No such name; not started by launchd; taken before.
        if (error == ENOENT || error == ESRCH || error == EALREADY) return sockets;
        if (error != 0) return fail(system_error("launchd's socket " + name, {error, std::system_category()}));
    }
}

}  // namespace sluice::platform
