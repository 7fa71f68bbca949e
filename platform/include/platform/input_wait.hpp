#pragma once

#include <asio/generic/stream_protocol.hpp>
#include <asio/io_context.hpp>
#include <cstddef>
#include <new>
#include <system_error>

namespace sluice::platform {

using StreamSocket = asio::generic::stream_protocol::socket;

/// Waits for input on a socket, one time after the other, as cheaply as the system can: Asio's own wait tells epoll about the descriptor anew
/// each time, though it has said so before.
///
/// Threading: one worker.
/// Lifetime:  outlives each wait: until its call has come, which it does too when the socket is cancelled or closed (operation_aborted).
class InputWait {
public:
    using Call = void (*)(void* self, std::error_code error);

    InputWait(asio::io_context& context, Call call, void* self);
    InputWait(const InputWait&) = delete;
    InputWait& operator=(const InputWait&) = delete;
    ~InputWait();

    /// Calls once there is something to read, or the peer has gone; may call though there is nothing. The one before has called.
    void start(StreamSocket& socket);

private:
    struct State;
    static constexpr std::size_t state_bytes = 256;

    State& state() { return *std::launder(reinterpret_cast<State*>(storage_)); }

    alignas(std::max_align_t) std::byte storage_[state_bytes];
};

}  // namespace sluice::platform
