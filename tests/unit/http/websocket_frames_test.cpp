#include "http/websocket_frames.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>
#include <vector>

using namespace sluice::http;

namespace {

constexpr unsigned text = 0x1;
constexpr unsigned continuation = 0x0;
constexpr unsigned ping = 0x9;
constexpr unsigned final = 0x80;

/// A header as RFC 6455, 5.2 has it, in the shortest form of the length, or in `length_bytes` (0, 2 or 8).
std::string header(unsigned first, std::uint64_t length, bool masked, int length_bytes = -1) {
    if (length_bytes < 0) length_bytes = length < 126 ? 0 : length < 65536 ? 2 : 8;
    std::string bytes(1, static_cast<char>(first));
    const std::uint64_t short_length = length_bytes == 0 ? length : length_bytes == 2 ? 126 : 127;
    bytes += static_cast<char>(short_length | (masked ? 0x80U : 0U));
    for (int i = length_bytes; i-- > 0;) bytes += static_cast<char>(length >> (8 * i));
    // A mask that looks like frames.
    if (masked) bytes += std::string_view("\x88\x80\x00\x88", 4);
    return bytes;
}

std::string frame(unsigned first, std::size_t length, bool masked) {
    // A payload that looks like empty close frames.
    std::string payload;
    for (std::size_t i = 0; i < length; ++i) payload += i % 2 == 0 ? '\x88' : '\x00';
    return header(first, length, masked) + payload;
}

/// Frames one after the other, and where each begins.
struct Stream {
    std::string bytes;
    std::vector<std::size_t> boundaries{0};
    void add(const std::string& one) {
        bytes += one;
        boundaries.push_back(bytes.size());
    }
    [[nodiscard]] std::optional<std::size_t> first_boundary(std::size_t from, std::size_t to) const {
        for (const std::size_t boundary : boundaries) {
            if (boundary >= from && boundary <= to) return boundary - from;
        }
        return std::nullopt;
    }
};

/// Each place where `stream` can be cut in two is one where the follower tells the truth about both halves.
void check_every_split(const Stream& stream) {
    const std::string_view bytes = stream.bytes;
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        WebSocketFrames frames;
        frames.advance(bytes.substr(0, cut));
        const auto next = stream.first_boundary(cut, bytes.size());
        if (frames.boundary_in(bytes.substr(cut)) != next || frames.at_boundary() != (next == 0U)) {
            FAIL("after " << cut << " bytes of " << bytes.size());
        }
        frames.advance(bytes.substr(cut));
        if (!frames.at_boundary() || frames.close_seen()) FAIL("at the end, cut after " << cut);
    }
}

}  // namespace

TEST_CASE("WebSocketFrames finds every boundary, wherever the stream is split", "[http]") {
    for (const bool masked : {false, true}) {
        Stream stream;
        stream.add(frame(final | text, 5, masked));
        stream.add(frame(final | text, 0, masked));
        // A message in three fragments with a ping within.
        stream.add(frame(text, 3, masked));
        stream.add(frame(continuation, 125, masked));
        stream.add(frame(final | ping, 4, masked));
        stream.add(frame(final | continuation, 126, masked));
        stream.add(frame(final | text, 300, masked));
        check_every_split(stream);
    }
}

TEST_CASE("WebSocketFrames follows lengths of all three forms", "[http]") {
    for (const std::size_t length : {0U, 125U, 126U, 65535U, 65536U, 70000U}) {
        for (const bool masked : {false, true}) {
            const std::string one = frame(final | text, length, masked);
            CAPTURE(length, masked);
            WebSocketFrames frames;
            CHECK(frames.boundary_in(one) == 0U);
            frames.advance(std::string_view(one).substr(0, 1));
            const std::string_view rest = std::string_view(one).substr(1);
            CHECK(frames.boundary_in(rest) == rest.size());
            CHECK(frames.boundary_in(rest.substr(0, rest.size() - 1)) == std::nullopt);
            frames.advance(rest);
            CHECK(frames.at_boundary());
        }
    }
}

TEST_CASE("WebSocketFrames tells the same when bytes come one by one", "[http]") {
    Stream stream;
    for (const std::size_t length : {0U, 1U, 125U, 126U, 65535U, 65536U, 2U}) {
        stream.add(frame(final | text, length, true));
    }
    WebSocketFrames frames;
    std::vector<std::size_t> found{0};
    for (std::size_t i = 0; i < stream.bytes.size(); ++i) {
        frames.advance(std::string_view(stream.bytes).substr(i, 1));
        if (frames.at_boundary()) found.push_back(i + 1);
    }
    CHECK(found == stream.boundaries);
}

TEST_CASE("WebSocketFrames accepts a length in a longer form than it needs", "[http]") {
    for (const int length_bytes : {2, 8}) {
        WebSocketFrames frames;
        frames.advance(header(final | text, 3, true, length_bytes));
        CHECK_FALSE(frames.at_boundary());
        CHECK(frames.boundary_in("abcd") == 3U);
    }
}

TEST_CASE("WebSocketFrames does not overflow on the largest lengths", "[http]") {
    for (const std::uint64_t length : {std::uint64_t{1} << 63U, ~std::uint64_t{0}, (std::uint64_t{1} << 63U) - 1}) {
        WebSocketFrames frames;
        frames.advance(header(final | text, length, false));
        const std::string much(1 << 16, '\0');
        CHECK(frames.boundary_in(much) == std::nullopt);
        for (int i = 0; i < 10; ++i) frames.advance(much);
        CHECK_FALSE(frames.at_boundary());
        CHECK_FALSE(frames.close_seen());
    }
}

TEST_CASE("WebSocketFrames sees a close frame when it has passed whole", "[http]") {
    for (const bool masked : {false, true}) {
        for (const std::size_t length : {0U, 2U, 40U}) {
            const std::string close = frame(final | 0x8U, length, masked);
            WebSocketFrames frames;
            frames.advance(frame(final | text, 9, masked));
            frames.advance(std::string_view(close).substr(0, close.size() - 1));
            CHECK_FALSE(frames.close_seen());
            frames.advance(std::string_view(close).substr(close.size() - 1));
            CHECK(frames.close_seen());
            CHECK(frames.at_boundary());
            frames.advance("\x81");
            CHECK(frames.close_seen());
        }
    }
}

TEST_CASE("WebSocketFrames lets reserved bits and unknown opcodes pass", "[http]") {
    WebSocketFrames frames;
    // Compressed text (permessage-deflate sets RSV1), then an opcode that nobody has defined.
    frames.advance(frame(0xC1, 7, false) + frame(0x8B, 3, false));
    CHECK(frames.at_boundary());
    CHECK_FALSE(frames.close_seen());
}

TEST_CASE("A close frame carries its code, masked or plain", "[http]") {
    CHECK(WebSocketClose(1001).view() == std::string_view("\x88\x02\x03\xE9", 4));
    CHECK(WebSocketClose(1001, 0x12345678).view() == std::string_view("\x88\x82\x12\x34\x56\x78\x11\xDD", 8));
    for (const auto mask : {std::optional<std::uint32_t>{}, std::optional<std::uint32_t>{7}}) {
        WebSocketFrames frames;
        frames.advance(WebSocketClose(WebSocketClose::going_away, mask).view());
        CHECK(frames.close_seen());
        CHECK(frames.at_boundary());
    }
}
