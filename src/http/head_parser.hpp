#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.hpp"
#include "http/message.hpp"
#include "http/refusal.hpp"

namespace sluice::http {

/// Finds the end of a head while bytes arrive, without looking at a byte twice, and refuses early
/// what no further byte can mend: a bare LF, a CR without LF, control bytes, a start line, field
/// block or field count over its limit, empty lines before the start line (one is forgiven to a
/// client, RFC 9112, 2.2).
///
/// Failure: BadFraming, TargetTooLong or HeadersTooLarge, with the reason in words; BadResponse
/// when the side is Upstream.
class HeadScanner {
public:
    explicit HeadScanner(const HeadLimits& limits, Side side = Side::Client)
        : limits_(limits), side_(side) {}

    /// `bytes` is all that has arrived of this head, each time from its first byte. Yields the
    /// head's length with its closing empty line (and the forgiven one before it), or nullopt while
    /// it is incomplete.
    [[nodiscard]] Result<std::optional<std::size_t>> scan(std::string_view bytes);

    /// The same, but of a head that is whole with the first bytes only the end is looked for: its parser looks at every byte once more,
    /// and refuses all that `scan` would have. What it refuses goes through `flaw_of`.
    [[nodiscard]] Result<std::optional<std::size_t>> find_end(std::string_view bytes);
    /// The reason to refuse a head that the parser has refused: what `scan` finds first if it finds something, so that the answer is the
    /// same however the bytes arrive.
    [[nodiscard]] Error flaw_of(std::string_view head, Error parsed) const;

    /// Ready for the next head.
    void clear();

private:
    [[nodiscard]] Verdict check_length() const;
    [[nodiscard]] Verdict end_line();

    HeadLimits limits_;
    Side side_;
    bool in_start_line_ = true;
    bool skipped_empty_line_ = false;
    std::uint32_t fields_ = 0;
    std::size_t scanned_ = 0;
    std::size_t line_begin_ = 0;
    std::size_t fields_begin_ = 0;
};

/// Parses one complete request head, closing empty line included, and checks all that RFC 9110 and
/// RFC 9112 let a proxy refuse. `out` is cleared first. Trusts nothing that HeadScanner has seen:
/// it is as strict alone.
///
/// Lifetime: views in `out` point into `head`.
/// Failure:  side Client; the code gives the status (400, 414, 417, 431, 501, 505), the context
/// says what was wrong.
///           `out` is then of no use, but for the method and target if they were read (for the
///           log).
[[nodiscard]] Result<void> parse_request_head(std::string_view head, const HeadLimits& limits,
                                              RequestHead& out);

/// The same for a response to `method`: framing follows RFC 9112, 6.3 (HEAD, 204, 304 and 1xx have
/// no body).
///
/// Failure: side Upstream, BadResponse.
[[nodiscard]] Result<void> parse_response_head(std::string_view head, const HeadLimits& limits,
                                               Method method, ResponseHead& out);

}  // namespace sluice::http
