#pragma once

#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "platform/handover_message.hpp"

namespace sluice::platform {

/// One end of a stream socket pair that carries messages with descriptors (SCM_RIGHTS) between two processes of one machine.
///
/// Threading: one thread.
/// Lifetime:  owns its descriptor.
class MessageChannel {
public:
    MessageChannel() = default;
    explicit MessageChannel(OwnedSocket socket) : socket_(std::move(socket)) {}

    [[nodiscard]] int descriptor() const { return socket_.get(); }
    void close() { socket_.reset(); }

    /// Failure: the other end is gone, or takes nothing for several seconds.
    [[nodiscard]] Result<void> send(std::string_view text, std::span<const NativeSocket> sockets);
    /// The next message, if it is there whole; never waits. Failure: the other end is gone, or sends what is no message.
    [[nodiscard]] Result<std::optional<HandoverMessage>> receive();

private:
    [[nodiscard]] Result<bool> read_some();
    [[nodiscard]] Result<std::optional<HandoverMessage>> take_message();
    [[nodiscard]] Result<void> wait_writable() const;

    OwnedSocket socket_;
    std::string bytes_;
    std::deque<OwnedSocket> sockets_;
};

/// Two ends that are connected, neither inherited by child processes.
struct ChannelPair {
    OwnedSocket ours;
    OwnedSocket theirs;
};
[[nodiscard]] Result<ChannelPair> open_channel_pair();

}  // namespace sluice::platform
