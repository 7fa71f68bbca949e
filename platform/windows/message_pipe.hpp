#pragma once

#include "windows/system_calls.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.hpp"
#include "platform/handover_message.hpp"
#include "platform/owned_handle.hpp"

namespace sluice::platform {

/// What is there of a pipe, without waiting; appended. False when the other end is gone.
[[nodiscard]] bool read_available(HANDLE pipe, std::string& bytes);

/// One end of two pipes that carry messages, with sockets as WSADuplicateSocket describes them, between two processes.
///
/// Threading: one thread.
class MessagePipe {
public:
    MessagePipe() = default;
    MessagePipe(OwnedHandle in, OwnedHandle out) : in_(std::move(in)), out_(std::move(out)) {}

    /// The sockets are for the process of that id. Failure: the other end is gone, or a socket can't be shared.
    [[nodiscard]] Result<void> send(std::string_view text, std::span<const NativeSocket> sockets = {}, DWORD process = 0);
    /// The next message, if it is there whole; never waits. Failure: the other end is gone.
    [[nodiscard]] Result<std::optional<HandoverMessage>> receive();

private:
    [[nodiscard]] Result<std::optional<HandoverMessage>> take_message();

    OwnedHandle in_;
    OwnedHandle out_;
    std::string bytes_;
};

/// The name of the variable in which a successor finds the handles of its ends: "READ:WRITE:STANDARD_ERROR".
inline constexpr const wchar_t* successor_variable = L"SLUICE_SUCCESSOR";

}  // namespace sluice::platform
