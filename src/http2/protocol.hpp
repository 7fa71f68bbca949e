#pragma once

#include <cstdint>

namespace sluice::http2 {

using StreamId = std::int32_t;

/// RFC 9113, 7. A peer may send others, which stand for themselves.
enum class Code : std::uint32_t {
    NoError = 0,
    ProtocolError = 1,
    InternalError = 2,
    FlowControlError = 3,
    SettingsTimeout = 4,
    StreamClosed = 5,
    FrameSizeError = 6,
    RefusedStream = 7,
    Cancel = 8,
    CompressionError = 9,
    ConnectError = 10,
    EnhanceYourCalm = 11,
    InadequateSecurity = 12,
    Http11Required = 13,
};

/// What a peer may send before it has to wait, all streams together and each. As a server we give both back as the owner consumes, as a
/// client the connection's at once.
inline constexpr std::int32_t connection_window = 1 << 20;
inline constexpr std::uint32_t stream_window = 256 * 1024;

}  // namespace sluice::http2
