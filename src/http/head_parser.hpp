#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "base/result.hpp"
#include "http/message.hpp"

namespace sluice::http {

/// Finds the end of a head while bytes arrive, without looking at a byte twice, and refuses early what
/// no further byte can mend: a bare LF, a CR without LF, NUL, a start line or field block over its limit, empty
/// lines before the request line.
///
/// Failure: BadFraming, TargetTooLong or HeadersTooLarge, with the reason in words.
class HeadScanner {
public:
    explicit HeadScanner(const HeadLimits& limits) : limits_(limits) {}

    /// `bytes` is all that has arrived of this head, each time from its first byte. Yields the head's length with
    /// its closing empty line, or nullopt while it is incomplete.
    [[nodiscard]] Result<std::optional<std::size_t>> scan(std::string_view bytes);

    void clear();

private:
    HeadLimits limits_;
    std::size_t scanned_ = 0;
    std::size_t line_begin_ = 0;
    std::size_t start_line_end_ = 0;
};

/// Parses one complete request head, closing empty line included, and checks all that RFC 9110 and RFC 9112
/// let a proxy refuse. `out` is cleared first.
///
/// Lifetime: views in `out` point into `head`.
/// Failure:  side Client; the code gives the status (400, 414, 417, 431, 501, 505), the context says what was wrong.
[[nodiscard]] Result<void> parse_request_head(std::string_view head, const HeadLimits& limits,
                                              RequestHead& out);

/// The same for a response to `method`: framing follows RFC 9112, 6.3 (HEAD, 204, 304 and 1xx have no body).
///
/// Failure: side Upstream, BadResponse.
[[nodiscard]] Result<void> parse_response_head(std::string_view head, const HeadLimits& limits,
                                               Method method, ResponseHead& out);

}  // namespace sluice::http
