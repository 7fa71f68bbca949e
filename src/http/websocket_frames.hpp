#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice::http {

/// Follows one direction of a WebSocket connection (RFC 6455, 5.2) as it passes, in pieces of any size: where frames
/// begin and end, and whether a close frame has passed. It looks at headers only and judges nothing, so extensions,
/// reserved bits and unknown opcodes pass.
///
/// Failure: none; whatever comes is frames.
class WebSocketFrames {
public:
    /// Takes what passes next.
    void advance(std::string_view bytes);

    /// Where in `bytes`, which pass next, the first place between two frames is: 0 when it is here already, the size
    /// when a frame ends with them; nullopt when the frame under way goes beyond.
    [[nodiscard]] std::optional<std::size_t> boundary_in(std::string_view bytes) const;

    /// Every frame that has begun has ended.
    [[nodiscard]] bool at_boundary() const { return header_taken_ == 0; }
    /// A close frame has passed, whole.
    [[nodiscard]] bool close_seen() const { return close_seen_; }

private:
    [[nodiscard]] std::size_t take_frame(std::string_view bytes);
    void take_header(std::uint8_t byte);

    static constexpr std::uint8_t shortest_header = 2;

    /// Bytes of the header under way, or of the frame under way when its header is complete.
    std::uint8_t header_taken_ = 0;
    std::uint8_t header_size_ = shortest_header;
    std::uint8_t length_bytes_ = 0;
    bool is_close_ = false;
    bool close_seen_ = false;
    std::uint64_t payload_left_ = 0;
};

/// A close frame with a status code and no reason.
struct WebSocketClose {
    /// From a server; with a mask, from a client (RFC 6455, 5.3).
    explicit WebSocketClose(std::uint16_t code, std::optional<std::uint32_t> mask = std::nullopt);

    [[nodiscard]] std::string_view view() const { return {bytes.data(), size}; }

    /// "Going away": an endpoint that is shut down (RFC 6455, 7.4.1).
    static constexpr std::uint16_t going_away = 1001;

    std::array<char, 8> bytes{};
    std::size_t size = 0;
};

}  // namespace sluice::http
