#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/result.hpp"

namespace sluice::http {

/// Takes a chunked body apart (RFC 9112, 7.1), strictly: CRLF only, hexadecimal sizes of at most 16 digits without sign
/// or space, extensions bounded, trailer fields checked like header fields and bounded.
///
/// A caller hands in what it has and gets one step back; it repeats until NeedMore or End.
/// Failure: BadFraming with the reason; the caller names the side.
class ChunkedReader {
public:
    enum class Event : std::uint8_t { NeedMore, Data, End };

    struct Step {
        Event event = Event::NeedMore;
        /// Bytes of the input that this step used up, framing included.
        std::size_t consumed = 0;
        /// Data: a piece of the body, a view into the input.
        std::string_view data;
    };

    /// Limits over the whole body. The overhead limit stops bodies that are mostly framing.
    struct Limits {
        std::uint32_t line_bytes = 4096;
        std::uint32_t trailer_bytes = 8 * 1024;
        std::uint32_t trailer_fields = 32;
    };

    ChunkedReader() = default;
    explicit ChunkedReader(const Limits& limits) : limits_(limits) {}

    [[nodiscard]] Result<Step> step(std::string_view input);

    [[nodiscard]] bool is_done() const;

    /// The trailer section as it was sent (field lines with CRLF, without the closing empty line), checked;
    /// valid after End until clear().
    [[nodiscard]] std::string_view trailers() const;

    void clear();

    // The implementer adds private state as needed.
private:
    Limits limits_;
};

}  // namespace sluice::http
