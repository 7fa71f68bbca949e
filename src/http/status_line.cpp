#include <string_view>

#include "http/characters.hpp"
#include "http/start_line.hpp"

namespace sluice::http {
namespace {

constexpr Refusal too_long{ErrorCode::BadResponse, "the status line is over its limit"};
constexpr Refusal malformed{ErrorCode::BadResponse, "the status line is malformed"};
constexpr Refusal bad_status{ErrorCode::BadResponse, "the status is not a number from 100 to 599"};
constexpr Refusal bad_reason{ErrorCode::BadResponse, "a control byte in the reason phrase"};
constexpr Refusal bad_end{ErrorCode::BadResponse, "the status line does not end in CRLF"};
constexpr Refusal other_version{ErrorCode::VersionNotSupported,
                                "the HTTP version is neither 1.0 nor 1.1"};
constexpr Refusal bad_version{ErrorCode::BadRequest, "the HTTP version is malformed"};

constexpr std::size_t version_length = 8;

/// The three digits of a status; 0 when they are not.
std::uint16_t parse_status(const char* at) {
    unsigned status = 0;
    for (int i = 0; i < 3; ++i) {
        if (!is_digit(at[i])) return 0;
        status = status * 10 + static_cast<unsigned>(at[i] - '0');
    }
    return status >= 100 && status <= 599 ? static_cast<std::uint16_t>(status) : std::uint16_t{0};
}

}  // namespace

Verdict parse_version(std::string_view text, std::uint8_t& minor_version) {
    if (text == "HTTP/1.1") {
        minor_version = 1;
        return nullptr;
    }
    if (text == "HTTP/1.0") {
        minor_version = 0;
        return nullptr;
    }
    const bool is_version = text.size() == version_length && text.starts_with("HTTP/") &&
                            is_digit(text[5]) && text[6] == '.' && is_digit(text[7]);
    return is_version ? &other_version : &bad_version;
}

Verdict take_status_line(const char*& at, const char* end, const HeadLimits& limits,
                         ResponseHead& out) {
    constexpr std::size_t shortest = version_length + 1 + 3 + 2;
    const char* const begin = at;
    if (static_cast<std::size_t>(end - begin) < shortest) return &malformed;
    if (const Verdict flaw = parse_version({begin, version_length}, out.minor_version)) return flaw;
    if (begin[version_length] != ' ') return &malformed;
    const char* const digits = begin + version_length + 1;
    out.status = parse_status(digits);
    if (out.status == 0) return &bad_status;

    const char* reason = digits + 3;
    if (*reason != '\r' && *reason != ' ') return &bad_status;
    if (*reason == ' ') ++reason;
    const char* const stop = skip(ByteClass::Value, reason, end);
    if (end - stop < 2) return &bad_end;
    if (stop[0] != '\r' && stop[0] != '\n') return &bad_reason;
    if (stop[0] != '\r' || stop[1] != '\n') return &bad_end;
    if (stop - begin > static_cast<std::ptrdiff_t>(limits.start_line_bytes)) return &too_long;
    out.reason = {reason, static_cast<std::size_t>(stop - reason)};
    at = stop + 2;
    return nullptr;
}

}  // namespace sluice::http
