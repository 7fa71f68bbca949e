#include "platform/activated_sockets.hpp"

#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "posix/system_calls.hpp"

namespace sluice::platform {
namespace {

/// SD_LISTEN_FDS_START of sd_listen_fds(3).
constexpr int first_descriptor = 3;
constexpr int most_descriptors = 1024;
constexpr const char* variables[] = {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"};

std::string_view value_of(const char* name) {
    const char* const value = std::getenv(name);
    return value == nullptr ? std::string_view{} : value;
}

/// 0 for what is no number.
int number(std::string_view text) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() ? value : 0;
}

/// The next of "one:two:three".
std::string next_name(std::string_view& names) {
    const std::size_t end = names.find(':');
    std::string name(names.substr(0, end));
    names = end == std::string_view::npos ? std::string_view{} : names.substr(end + 1);
    return name;
}

Result<std::vector<ActivatedSocket>> take(int count, std::string_view names) {
    std::vector<ActivatedSocket> sockets;
    for (int i = 0; i < count; ++i) {
        const int descriptor = first_descriptor + i;
        if (!set_non_blocking_and_private(descriptor)) {
            return fail(system_error("the service manager tells of " + std::to_string(count) + " sockets, but descriptor " +
                                         std::to_string(descriptor) + " is none",
                                     last_error()));
        }
        sockets.push_back({next_name(names), OwnedSocket(descriptor)});
    }
    return sockets;
}

}  // namespace

Result<std::vector<ActivatedSocket>> take_activated_sockets() {
    const bool is_for_us = number(value_of(variables[0])) == ::getpid();
    const int count = number(value_of(variables[1]));
    const std::string names(value_of(variables[2]));
    // What this process starts is not to take them for its own.
    for (const char* const variable : variables) ::unsetenv(variable);
    if (!is_for_us || count == 0) return {};
    if (count < 0 || count > most_descriptors) return fail(system_error("LISTEN_FDS is no number of sockets", {}));
    return take(count, names);
}

}  // namespace sluice::platform
