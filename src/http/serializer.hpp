#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "http/message.hpp"

namespace sluice::http {

/// Writes heads into a buffer of the caller, without allocating. What does not fit is dropped and
/// remembered, so a caller writes the whole head and asks once, at the end.
///
/// Failure: is_good() is false after an overflow, or after a piece that would have begun a new line
/// or
///          ended the target (message splitting): such a head must not be sent.
class HeadWriter {
public:
    explicit HeadWriter(std::span<char> buffer) : buffer_(buffer) {}

    /// "HTTP/1.1 200 OK"; an empty reason takes the standard one.
    void status_line(std::uint16_t status, std::string_view reason = {});

    /// "GET /path?query HTTP/1.1". `has_query` tells "/a?" from "/a".
    void request_line(std::string_view method, std::string_view path, std::string_view query,
                      bool has_query);
    /// The same with a target that is complete.
    void request_line(std::string_view method, std::string_view target);

    /// One field line. A control byte in name or value spoils the head instead of splitting it.
    void field(std::string_view name, std::string_view value);
    void field(std::string_view name, std::uint64_t value);
    /// A field as it was parsed: nothing is checked again.
    void field(const Field& parsed);

    /// A field line whose value comes in pieces: begin_field, raw or checked..., end_field.
    void begin_field(std::string_view name);
    void end_field();

    /// A piece of a value that the parser has not checked.
    void checked(std::string_view piece);
    /// Bytes as they are.
    void raw(std::string_view bytes);
    void number(std::uint64_t value);

    /// The empty line that closes the head.
    void end_head();

    [[nodiscard]] bool is_good() const { return !overflowed_ && !spoiled_; }
    [[nodiscard]] bool overflowed() const { return overflowed_; }
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] std::string_view view() const { return {buffer_.data(), size_}; }

private:
    void target_piece(std::string_view piece);

    std::span<char> buffer_;
    std::size_t size_ = 0;
    bool overflowed_ = false;
    bool spoiled_ = false;
};

/// The standard reason phrase; "" for a status without one.
[[nodiscard]] std::string_view reason_phrase(std::uint16_t status);

/// Room that any chunk-size line needs: 16 digits and CRLF.
inline constexpr std::size_t chunk_line_bytes = 18;

/// Writes "1f4\r\n" and yields its length. A chunk of data is followed by `chunk_end`; a body ends
/// with `last_chunk`, its trailer fields and an empty line.
[[nodiscard]] std::size_t write_chunk_line(std::span<char, chunk_line_bytes> out,
                                           std::uint64_t data_bytes);

inline constexpr std::string_view chunk_end = "\r\n";
inline constexpr std::string_view last_chunk = "0\r\n";

/// A date as Date and Last-Modified carry it (IMF-fixdate, RFC 9110, 5.6.7): "Sun, 06 Nov 1994
/// 08:49:37 GMT". It changes once a second, so callers keep it for that long.
using HttpDate = std::array<char, 29>;
[[nodiscard]] HttpDate http_date(std::int64_t seconds_since_epoch);

}  // namespace sluice::http
