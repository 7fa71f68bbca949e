#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace sluice::grpc {

/// Decodes a request body of "application/grpc-web-text": base64 (RFC 4648, 4) in segments, each padded on its own, one after the
/// other. It is strict: no line ends, no other alphabet, no bits behind the last byte.
///
/// Failure: BadFraming with the place of the byte, counted from 0 over all pieces. A decoder that has failed fails again until
/// clear().
class WebTextDecoder {
public:
    /// Appends to `out` what the next piece of text, of any size, stands for. On failure `out` is as before.
    [[nodiscard]] Result<void> decode(std::string_view text, std::string& out);

    /// The text ends here.
    /// Failure: BadFraming when it does so inside a group of four.
    [[nodiscard]] Result<void> finish() const;

    /// Ready for the next body.
    void clear() { *this = WebTextDecoder(); }

private:
    /// What of a byte is wrong, or nullptr.
    [[nodiscard]] const char* take(char c, char*& to);
    [[nodiscard]] Failure refuse(char c, const char* flaw);

    /// The digits of the group under way, six bits each.
    std::uint32_t bits_ = 0;
    std::uint8_t digits_ = 0;
    std::uint8_t pads_ = 0;
    bool has_failed_ = false;
    /// Bytes of text taken.
    std::uint64_t taken_ = 0;
};

/// How long the text for that many bytes is.
[[nodiscard]] constexpr std::size_t web_text_bytes(std::size_t bytes) { return (bytes + 2) / 3 * 4; }

/// Appends a piece of a response body as text. It is padded, so the client can read it at once and the next may follow.
void append_web_text(std::string& out, std::string_view bytes);

}  // namespace sluice::grpc
