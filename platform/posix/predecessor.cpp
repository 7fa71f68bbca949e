#include "platform/predecessor.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "posix/inherited_descriptors.hpp"
#include "posix/message_channel.hpp"
#include "posix/system_calls.hpp"

namespace sluice::platform {
namespace {

using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

bool is_stream_socket(int descriptor) {
    int type = 0;
    socklen_t size = sizeof type;
    return ::getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM;
}

}  // namespace

struct Predecessor::State {
    MessageChannel channel;
    /// Where the predecessor writes its standard error.
    OwnedSocket standard_error;
};

Predecessor::Predecessor(std::unique_ptr<State> state) : state_(std::move(state)) {}
Predecessor::~Predecessor() = default;

std::unique_ptr<Predecessor> Predecessor::find() {
    const char* const value = std::getenv(successor_variable);
    if (value == nullptr) return nullptr;
    const bool is_meant = std::string_view(value) == successor_value && is_stream_socket(inherited_channel);
    ::unsetenv(successor_variable);
    if (!is_meant) return nullptr;
    auto state = std::make_unique<State>();
    state->channel = MessageChannel(OwnedSocket(inherited_channel));
    state->standard_error = OwnedSocket(inherited_standard_error);
    static_cast<void>(set_private(inherited_channel));
    // What is behind it is shared with others, who may wait there.
    static_cast<void>(set_private(inherited_standard_error));
    return std::unique_ptr<Predecessor>(new Predecessor(std::move(state)));
}

Result<void> Predecessor::send(std::string_view text) { return state_->channel.send(text, {}); }

Result<std::optional<HandoverMessage>> Predecessor::receive(milliseconds limit) {
    const SteadyClock::time_point end = SteadyClock::now() + limit;
    for (;;) {
        Result<std::optional<HandoverMessage>> message = state_->channel.receive();
        if (!message || message->has_value()) return message;
        const auto left = std::chrono::ceil<milliseconds>(end - SteadyClock::now());
        if (left <= milliseconds{0}) return std::nullopt;
        pollfd wait{.fd = state_->channel.descriptor(), .events = POLLIN, .revents = 0};
        ::poll(&wait, 1, static_cast<int>(left.count()));
    }
}

void Predecessor::take_standard_error() {
    if (!state_->standard_error.is_open()) return;
    ::dup2(state_->standard_error.get(), STDERR_FILENO);
    state_->standard_error.reset();
}

}  // namespace sluice::platform
