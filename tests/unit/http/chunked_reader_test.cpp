#include "http/chunked_reader.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <string_view>

#include "base/random.hpp"
#include "http/serializer.hpp"

namespace {

using namespace sluice;
using namespace sluice::http;
using Event = ChunkedReader::Event;

/// Feeds everything, in pieces of at most `piece` bytes; "" and the error in `error` when refused.
std::string read_all(ChunkedReader& reader, std::string_view input, std::size_t piece,
                     Error& error) {
    std::string data;
    std::string waiting;
    while (!input.empty() && !reader.is_done()) {
        waiting.assign(input.substr(0, piece));
        input.remove_prefix(waiting.size());
        std::string_view left = waiting;
        while (!left.empty() && !reader.is_done()) {
            const auto step = reader.step(left);
            if (!step) {
                error = step.error();
                return {};
            }
            data.append(step->data);
            left.remove_prefix(step->consumed);
        }
    }
    return data;
}

Error body_error(std::string_view input, const ChunkedReader::Limits& limits = {},
               Side side = Side::Client) {
    ChunkedReader reader(limits, side);
    Error error;
    error.set_context("accepted");
    read_all(reader, input, input.size(), error);
    return error;
}

bool is_accepted(std::string_view input, const ChunkedReader::Limits& limits = {}) {
    return body_error(input, limits).context() == "accepted";
}

}  // namespace

TEST_CASE("ChunkedReader yields data as views into the input", "[http]") {
    const std::string input = "5\r\nhello\r\n0\r\n\r\nnext";
    ChunkedReader reader;
    auto step = reader.step(input);
    REQUIRE(step);
    CHECK(step->event == Event::Data);
    CHECK(step->data.data() == input.data() + 3);
    CHECK(step->data == "hello");
    CHECK(step->consumed == 8);
    step = reader.step(std::string_view(input).substr(8));
    REQUIRE(step);
    CHECK(step->event == Event::End);
    CHECK(step->consumed == 7);
    CHECK(reader.is_done());
    step = reader.step("next");
    REQUIRE(step);
    CHECK(step->event == Event::End);
    CHECK(step->consumed == 0);
}

TEST_CASE("ChunkedReader asks for more when the input ends", "[http]") {
    ChunkedReader reader;
    const auto empty = reader.step("");
    REQUIRE(empty);
    CHECK(empty->event == Event::NeedMore);
    const auto size = reader.step("5\r\n");
    REQUIRE(size);
    CHECK(size->event == Event::NeedMore);
    CHECK(size->consumed == 3);
}

TEST_CASE("ChunkedReader keeps trailers until clear and then reads the next body", "[http]") {
    ChunkedReader reader;
    Error error;
    CHECK(read_all(reader, "1\r\na\r\n0\r\nX: 1\r\nY:2\r\n\r\n", 3, error) == "a");
    CHECK(reader.trailers() == "X: 1\r\nY:2\r\n");
    reader.clear();
    CHECK(reader.trailers().empty());
    CHECK_FALSE(reader.is_done());
    CHECK(read_all(reader, "2\r\nbc\r\n0\r\n\r\n", 100, error) == "bc");
}

TEST_CASE("A ChunkedReader that has refused goes on refusing until clear", "[http]") {
    ChunkedReader reader;
    REQUIRE_FALSE(reader.step("x"));
    CHECK_FALSE(reader.step("5\r\n"));
    reader.clear();
    CHECK(reader.step("5\r\n"));
}

TEST_CASE("ChunkedReader names the side and, of a trailer, the name alone", "[http]") {
    const Error client = body_error("0\r\nCookie: secret\r\n\r\n");
    CHECK(client.side == Side::Client);
    CHECK(client.context() == "a field that no trailer section may contain: Cookie");
    const Error upstream = body_error("x", {}, Side::Upstream);
    CHECK(upstream.side == Side::Upstream);
    CHECK(upstream.code == ErrorCode::BadResponse);
}

TEST_CASE("ChunkedReader takes what its limits allow, and not a byte more", "[http]") {
    // "2;aaa" CRLF is seven bytes, of which the semicolon does not count as extension.
    ChunkedReader::Limits line{.line_bytes = 7};
    CHECK(is_accepted("2;aaa\r\nxx\r\n0\r\n\r\n", line));
    CHECK_FALSE(is_accepted("2;aaaa\r\nxx\r\n0\r\n\r\n", line));
    ChunkedReader::Limits trailers{.trailer_bytes = 12};
    CHECK(is_accepted("0\r\nX: y\r\nX: z\r\n\r\n", trailers));
    CHECK(body_error("0\r\nX: y\r\nX: zz\r\n\r\n", trailers).code == ErrorCode::HeadersTooLarge);
    ChunkedReader::Limits fields{.trailer_fields = 2};
    CHECK(is_accepted("0\r\nX: y\r\nX: z\r\n\r\n", fields));
    CHECK(body_error("0\r\nX: y\r\nX: z\r\nX: z\r\n\r\n", fields).code == ErrorCode::HeadersTooLarge);
}

TEST_CASE("The largest chunk has 2^63-1 bytes", "[http]") {
    CHECK(is_accepted("7fffffffffffffff\r\na"));
    CHECK_FALSE(is_accepted("8000000000000000\r\na"));
}

TEST_CASE("Bodies of one-byte chunks pass, bodies that are nearly all framing do not", "[http]") {
    std::string honest;
    for (int i = 0; i < 100000; ++i) honest.append("1\r\na\r\n");
    CHECK(is_accepted(honest + "0\r\n\r\n"));
    std::string padded;
    for (int i = 0; i < 100000; ++i) padded.append("0000000000000001;x\r\na\r\n");
    const Error error = body_error(padded + "0\r\n\r\n");
    CHECK(error.context() == "the chunked body is nearly all framing");
}

TEST_CASE("What write_chunk_line writes ChunkedReader reads, however it is cut", "[http]") {
    Random random(7);
    for (int round = 0; round < 200; ++round) {
        std::string data(random.below(3000), '\0');
        for (char& c : data) c = static_cast<char>(random.next());
        std::string encoded;
        std::string_view left = data;
        while (!left.empty()) {
            const std::string_view chunk = left.substr(0, 1 + random.below(500));
            std::array<char, chunk_line_bytes> line{};
            encoded.append(line.data(), write_chunk_line(line, chunk.size()));
            encoded.append(chunk).append(chunk_end);
            left.remove_prefix(chunk.size());
        }
        encoded.append(last_chunk).append("\r\n");
        ChunkedReader reader;
        Error error;
        const std::string read = read_all(reader, encoded, 1 + random.below(700), error);
        CHECK(reader.is_done());
        REQUIRE(read == data);
    }
}
