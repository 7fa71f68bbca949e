#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "http/refusal.hpp"

namespace sluice::http {

/// Takes a chunked body apart (RFC 9112, 7.1), strictly: CRLF only, hexadecimal sizes of at most 16
/// digits without sign or space, extensions bounded, trailer fields checked like header fields and
/// bounded.
///
/// A caller hands in what it has and gets one step back; it repeats until NeedMore or End.
/// Failure: BadFraming with the reason (HeadersTooLarge for trailers), or BadResponse when the side
/// is Upstream.
///          A reader that has failed fails again until clear().
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

    /// What the framing of one body may measure.
    struct Limits {
        /// One chunk-size line with its extensions.
        std::uint32_t line_bytes = 4096;
        /// All extensions of the body.
        std::uint32_t extension_bytes = 16 * 1024;
        /// Sizes, extensions and line ends of the body may measure this much and eight bytes more
        /// for each byte of data: chunks of one byte (five bytes of framing) pass, bodies that are
        /// nearly all framing do not.
        std::uint32_t overhead_bytes = 16 * 1024;
        std::uint32_t trailer_bytes = 8 * 1024;
        std::uint32_t trailer_fields = 32;
    };

    ChunkedReader() = default;
    explicit ChunkedReader(const Limits& limits, Side side = Side::Client)
        : limits_(limits), side_(side) {}

    [[nodiscard]] Result<Step> step(std::string_view input);

    [[nodiscard]] bool is_done() const { return state_ == State::Done; }

    /// The trailer section as it was sent (field lines with CRLF, without the closing empty line),
    /// checked; valid after End until clear().
    [[nodiscard]] std::string_view trailers() const { return trailers_; }

    /// Ready for the next body, keeping the memory of the trailers.
    void clear();

private:
    enum class State : std::uint8_t {
        SizeFirst,
        Size,
        ExtensionNameFirst,
        ExtensionName,
        ExtensionValueFirst,
        ExtensionValue,
        ExtensionQuoted,
        ExtensionQuotedPair,
        ExtensionQuotedEnd,
        SizeLf,
        Data,
        DataCr,
        DataLf,
        TrailerFirst,
        Trailer,
        TrailerLf,
        EndLf,
        Done,
        Failed,
    };

    [[nodiscard]] Verdict take(char c);
    [[nodiscard]] Verdict take_size(char c);
    [[nodiscard]] Verdict take_extension(char c);
    [[nodiscard]] Verdict take_extension_end(char c);
    [[nodiscard]] Verdict take_line_end(char c);
    [[nodiscard]] Verdict take_trailer(char c);
    [[nodiscard]] Verdict count_framing();
    [[nodiscard]] Verdict check_trailer_line();

    Limits limits_;
    Side side_ = Side::Client;
    State state_ = State::SizeFirst;
    std::uint8_t digits_ = 0;
    /// Size of the chunk while its line is read, then what is left of its data.
    std::uint64_t remaining_ = 0;
    std::uint64_t data_bytes_ = 0;
    std::uint64_t framing_bytes_ = 0;
    std::uint32_t line_bytes_ = 0;
    std::uint32_t extension_bytes_ = 0;
    std::uint32_t trailer_fields_ = 0;
    std::size_t trailer_line_begin_ = 0;
    std::string trailers_;
};

}  // namespace sluice::http
