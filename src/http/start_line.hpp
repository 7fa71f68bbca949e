#pragma once

#include <cstdint>

#include "http/message.hpp"
#include "http/refusal.hpp"

namespace sluice::http {

/// Takes the request line with its CRLF off the front of [at, end): method, target with its form,
/// version (RFC 9112, 3). Sets authority and scheme when the target has them.
[[nodiscard]] Verdict take_request_line(const char*& at, const char* end, const HeadLimits& limits,
                                        RequestHead& out);

/// Takes the status line with its CRLF (RFC 9112, 4). The space before an empty reason may be
/// missing.
[[nodiscard]] Verdict take_status_line(const char*& at, const char* end, const HeadLimits& limits,
                                       ResponseHead& out);

/// "HTTP/1.0" or "HTTP/1.1" exactly.
[[nodiscard]] Verdict parse_version(std::string_view text, std::uint8_t& minor_version);

}  // namespace sluice::http
