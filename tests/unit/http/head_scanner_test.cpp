#include <catch2/catch.hpp>

#include <string>
#include <string_view>

#include "http/head_parser.hpp"

namespace {

using namespace sluice;
using namespace sluice::http;

constexpr HeadLimits small{.fields = 3, .field_bytes = 40, .start_line_bytes = 20};

ErrorCode code_of(std::string_view bytes, Side side = Side::Client) {
    HeadScanner scanner(small, side);
    const auto found = scanner.scan(bytes);
    REQUIRE_FALSE(found);
    CHECK(found.error().side == side);
    return found.error().code;
}

enum class Arrival { AtOnce, Bytewise };

/// What becomes of a head, in words.
std::string judged(std::string_view bytes, Side side, Arrival arrival) {
    HeadScanner scanner(small, side);
    for (std::size_t size = arrival == Arrival::AtOnce ? bytes.size() : 0; size <= bytes.size(); ++size) {
        const auto found = scanner.find_end(bytes.substr(0, size));
        if (!found) return std::string(name_of(found.error().code)) + ": " + std::string(found.error().context());
        if (!*found) continue;
        const std::string_view head = bytes.substr(0, **found);
        RequestHead request;
        ResponseHead response;
        const Result<void> parsed =
            side == Side::Client ? parse_request_head(head, small, request) : parse_response_head(head, small, Method::Get, response);
        if (parsed) return "taken: " + std::to_string(head.size());
        const Error flaw = scanner.flaw_of(head, parsed.error());
        return std::string(name_of(flaw.code)) + ": " + std::string(flaw.context());
    }
    return "incomplete";
}

}  // namespace

TEST_CASE("HeadScanner finds the end of a head and leaves what follows alone", "[http]") {
    const std::string head = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    HeadScanner scanner(small);
    const auto found = scanner.scan(head + "body\n\n\n");
    REQUIRE(found);
    CHECK(**found == head.size());
}

TEST_CASE("HeadScanner goes on where it stopped", "[http]") {
    const std::string head = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    HeadScanner scanner(small);
    for (std::size_t size = 0; size < head.size(); ++size) {
        const auto found = scanner.scan(std::string_view(head).substr(0, size));
        REQUIRE(found);
        REQUIRE_FALSE(found->has_value());
    }
    CHECK(**scanner.scan(head) == head.size());
    scanner.clear();
    CHECK(**scanner.scan(head) == head.size());
}

TEST_CASE("HeadScanner counts the forgiven empty line into the head", "[http]") {
    HeadScanner scanner(small);
    CHECK(**scanner.scan("\r\nGET / HTTP/1.1\r\n\r\n") == 20);
    CHECK(code_of("\r\n\r\n") == ErrorCode::BadFraming);
    CHECK(code_of("\r\n", Side::Upstream) == ErrorCode::BadResponse);
}

TEST_CASE("HeadScanner refuses at the first byte that no other can mend", "[http]") {
    CHECK(code_of("GET\n") == ErrorCode::BadFraming);
    CHECK(code_of("GET\r/") == ErrorCode::BadFraming);
    CHECK(code_of(std::string_view("GE\0", 3)) == ErrorCode::BadFraming);
    CHECK(code_of("G\x7f") == ErrorCode::BadFraming);
    CHECK(code_of("HTTP/1.1\n", Side::Upstream) == ErrorCode::BadResponse);
}

TEST_CASE("HeadScanner finds the end alone of a head that is whole at first sight", "[http]") {
    for (std::size_t name_length = 1; name_length < 60; ++name_length) {
        const std::string head = "GET / HTTP/1.1\r\n" + std::string(name_length, 'a') + ": b\r\n\r\n";
        for (const std::string_view behind : {"", "\r\n\r\n", "a body that is longer than what is looked at in one step"}) {
            HeadScanner scanner(HeadLimits{});
            const auto found = scanner.find_end(head + std::string(behind));
            REQUIRE(found);
            CHECK(**found == head.size());
        }
    }
    CHECK(**HeadScanner(small).find_end("GET\n\r\n\r\n") == 8);
    for (const std::string_view before : {"a\r", "\r\r", "\n\n", "\r\n\r", "a\r\na", "\n\r\n\n", "\r\r\n\r\r\n"}) {
        for (std::size_t size = 0; size < 20; ++size) {
            const std::string bytes = std::string(size, 'a') + std::string(before) + "\r\n\r\n";
            const auto end = HeadScanner(HeadLimits{}).find_end(bytes + "b");
            REQUIRE(end);
            CHECK(**end == bytes.find("\r\n\r\n") + 4);
        }
    }
}

TEST_CASE("HeadScanner looks at the bytes where the end of the head is not there yet", "[http]") {
    HeadScanner scanner(small);
    CHECK_FALSE(scanner.find_end("GET / HTTP/1.1\r\n\r")->has_value());
    CHECK(**scanner.find_end("GET / HTTP/1.1\r\n\r\n") == 18);
    CHECK_FALSE(HeadScanner(small).find_end("GET\n"));
}

TEST_CASE("HeadScanner says of a refused head what it would have found first", "[http]") {
    const Error parsed{ErrorCode::BadHost, Side::Client, Retry::Never, "no Host", {}};
    CHECK(HeadScanner(small).flaw_of("GET / HTTP/1.1\r\n\r\n", parsed).code == ErrorCode::BadHost);
    CHECK(HeadScanner(small).flaw_of("GET /\n HTTP/1.1\r\n\r\n", parsed).code == ErrorCode::BadFraming);
}

TEST_CASE("A head that came at once is taken or refused as one that came byte by byte, also at the limits", "[http]") {
    const Side side = GENERATE(Side::Client, Side::Upstream);
    const bool is_client = side == Side::Client;
    for (const std::string_view before : {"", "\r\n", "\r\n\r\n", "\n", " "}) {
        for (std::size_t more = 0; more < 4; ++more) {
            const std::string start = is_client ? "GET /" + std::string(4 + more, 'a') + " HTTP/1.1" : "HTTP/1.1 200 " + std::string(5 + more, 'a');
            for (const std::string_view field : {"A: 1", "A: 1\n", "A: \r1", "A", "A\x7f: 1", " A: 1"}) {
                const std::string first = "Host: " + std::string(more, 'b') + "\r\n" + std::string(field) + "\r\n";
                for (std::size_t last = 10; last < 24; ++last) {
                    const std::string fields = first + "C: " + std::string(last, 'c') + "\r\n" + (more == 3 ? "D:\r\n" : "");
                    const std::string head = std::string(before) + start + "\r\n" + fields + "\r\n";
                    CHECK(judged(head, side, Arrival::AtOnce) == judged(head, side, Arrival::Bytewise));
                }
            }
        }
    }
}

TEST_CASE("HeadScanner takes a start line of its limit, and not a byte more", "[http]") {
    const std::string line = "GET /12345 HTTP/1.1x";
    REQUIRE(line.size() == small.start_line_bytes);
    HeadScanner scanner(small);
    CHECK(scanner.scan(line + "\r\n\r\n")->has_value());
    CHECK(code_of(line + "y\r\n\r\n") == ErrorCode::TargetTooLong);
    CHECK(code_of(line + "y") == ErrorCode::TargetTooLong);
}

TEST_CASE("HeadScanner takes field lines of their limit, and not a byte more", "[http]") {
    const std::string start = "GET / HTTP/1.1\r\n";
    const std::string fields = "A: 1\r\nB: " + std::string(29, 'b') + "\r\n";
    REQUIRE(fields.size() == small.field_bytes - 0);
    HeadScanner scanner(small);
    CHECK(scanner.scan(start + fields + "\r\n")->has_value());
    CHECK(code_of(start + "A" + fields) == ErrorCode::HeadersTooLarge);
    CHECK(code_of(start + "A" + fields.substr(0, fields.size() - 2)) == ErrorCode::HeadersTooLarge);
    CHECK(code_of(start + fields + "C") == ErrorCode::HeadersTooLarge);
}

TEST_CASE("HeadScanner takes as many fields as the limit, and not one more", "[http]") {
    const std::string start = "GET / HTTP/1.1\r\n";
    HeadScanner scanner(small);
    CHECK(scanner.scan(start + "A:\r\nB:\r\nC:\r\n\r\n")->has_value());
    CHECK(code_of(start + "A:\r\nB:\r\nC:\r\nD:\r\n") == ErrorCode::HeadersTooLarge);
}
