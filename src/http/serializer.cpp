#include "http/serializer.hpp"

#include <charconv>
#include <cstring>

#include "http/characters.hpp"

namespace sluice::http {

void HeadWriter::raw(std::string_view bytes) {
    if (bytes.size() > buffer_.size() - size_) {
        overflowed_ = true;
        return;
    }
    if (!bytes.empty()) std::memcpy(buffer_.data() + size_, bytes.data(), bytes.size());
    size_ += bytes.size();
}

void HeadWriter::checked(std::string_view piece) {
    const char* const end = piece.data() + piece.size();
    const char* at = find_control(piece.data(), end);
    while (at != end && *at == '\t') at = find_control(at + 1, end);
    if (at != end) {
        spoiled_ = true;
        return;
    }
    raw(piece);
}

void HeadWriter::target_piece(std::string_view piece) {
    const char* const end = piece.data() + piece.size();
    if (skip(ByteClass::Target, piece.data(), end) != end) {
        spoiled_ = true;
        return;
    }
    raw(piece);
}

void HeadWriter::number(std::uint64_t value) {
    std::array<char, 20> digits{};
    const auto [stop, code] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
    raw({digits.data(), static_cast<std::size_t>(stop - digits.data())});
}

void HeadWriter::status_line(std::uint16_t status, std::string_view reason) {
    raw("HTTP/1.1 ");
    number(status);
    raw(" ");
    checked(reason.empty() ? reason_phrase(status) : reason);
    raw("\r\n");
}

void HeadWriter::request_line(std::string_view method, std::string_view path,
                              std::string_view query, bool has_query) {
    if (!is_token(method) || path.empty()) spoiled_ = true;
    raw(method);
    raw(" ");
    target_piece(path);
    if (has_query) {
        raw("?");
        target_piece(query);
    }
    raw(" HTTP/1.1\r\n");
}

void HeadWriter::request_line(std::string_view method, std::string_view target) {
    request_line(method, target, {}, false);
}

void HeadWriter::field(std::string_view name, std::string_view value) {
    begin_field(name);
    checked(value);
    end_field();
}

void HeadWriter::field(std::string_view name, std::uint64_t value) {
    begin_field(name);
    number(value);
    end_field();
}

void HeadWriter::field(const Field& parsed) {
    // Unless somebody has put another value there, or shortened it.
    const bool is_whole = parsed.is_plain_line && parsed.name.data() + parsed.name.size() + 2 == parsed.value.data() &&
                          parsed.value.data()[parsed.value.size()] == '\r';
    if (is_whole) {
        raw({parsed.name.data(), parsed.name.size() + parsed.value.size() + 4});
        return;
    }
    raw(parsed.name);
    raw(": ");
    raw(parsed.value);
    raw("\r\n");
}

void HeadWriter::begin_field(std::string_view name) {
    if (!is_token(name)) spoiled_ = true;
    raw(name);
    raw(": ");
}

void HeadWriter::end_field() {
    raw("\r\n");
}

void HeadWriter::end_head() {
    raw("\r\n");
}

std::size_t write_chunk_line(std::span<char, chunk_line_bytes> out, std::uint64_t data_bytes) {
    const auto [stop, code] =
        std::to_chars(out.data(), out.data() + out.size() - 2, data_bytes, 16);
    stop[0] = '\r';
    stop[1] = '\n';
    return static_cast<std::size_t>(stop + 2 - out.data());
}

}  // namespace sluice::http
