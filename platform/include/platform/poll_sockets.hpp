#pragma once

#include <chrono>
#include <span>

#include "platform/native_socket.hpp"

namespace sluice::platform {

/// A socket of a poll: what is waited for, and what has come.
struct PolledSocket {
    NativeSocket socket = no_socket;
    bool wants_read = false;
    bool wants_write = false;
    bool can_read = false;
    bool can_write = false;
};

/// Waits until a socket is ready for what it waits for, or until `timeout` is over; sets `can_read` and `can_write`. A
/// broken socket is ready for all that it waits for, so that its owner meets the error. Any descriptor will do: this
/// is poll, not select. Without sockets it waits for the time alone.
///
/// For the few sockets of a library that wants to be called; ours wait on a worker's reactor.
/// Failure: an interrupted or refused call is a wait in which nothing came.
void poll_sockets(std::span<PolledSocket> sockets, std::chrono::milliseconds timeout);

}  // namespace sluice::platform
