#include <catch2/catch.hpp>

#include <string>
#include <string_view>

#include "http/head_parser.hpp"

namespace {

using namespace sluice;
using namespace sluice::http;

Error head_error(std::string_view head, const HeadLimits& limits = {}) {
    RequestHead out;
    const auto parsed = parse_request_head(head, limits, out);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().side == Side::Client);
    CHECK(parsed.error().retry == Retry::Never);
    return parsed.error();
}

std::string repeated(std::string_view text, int times) {
    std::string out;
    for (int i = 0; i < times; ++i) out.append(text);
    return out;
}

constexpr std::string_view start = "GET / HTTP/1.1\r\nHost: a\r\n";

}  // namespace

TEST_CASE("A request head is read into views of the buffer", "[http]") {
    const std::string head = "PUT /a/b?c=d&e HTTP/1.1\r\nHost: exam:1\r\nContent-Length: 7\r\n\r\n";
    RequestHead out;
    REQUIRE(parse_request_head(head, {}, out));
    CHECK(out.method == Method::Put);
    CHECK(out.path == "/a/b");
    CHECK(out.query == "c=d&e");
    CHECK(out.has_query);
    CHECK(out.scheme.empty());
    CHECK(out.authority.data() > head.data());
    CHECK(out.authority.data() < head.data() + head.size());
    CHECK(out.fields[1].id == FieldId::ContentLength);
    CHECK(out.framing.length == 7);
}

TEST_CASE("An absolute target gives scheme, authority, path and query", "[http]") {
    RequestHead out;
    REQUIRE(parse_request_head("GET hTTps://one:8443?q HTTP/1.1\r\nHost: two\r\n\r\n", {}, out));
    CHECK(out.scheme == "https");
    CHECK(out.authority == "one:8443");
    CHECK(out.path == "/");
    CHECK(out.query == "q");
    CHECK(out.has_query);
}

TEST_CASE("An empty query is told from none", "[http]") {
    RequestHead out;
    REQUIRE(parse_request_head("GET /? HTTP/1.1\r\nHost: a\r\n\r\n", {}, out));
    CHECK(out.has_query);
    REQUIRE(parse_request_head("GET / HTTP/1.1\r\nHost: a\r\n\r\n", {}, out));
    CHECK_FALSE(out.has_query);
}

TEST_CASE("Parsing allocates nothing once the field list is warm", "[http]") {
    const std::string head = std::string(start) + repeated("X: y\r\n", 20) + "\r\n";
    RequestHead out;
    REQUIRE(parse_request_head(head, {}, out));
    const Field* const memory = out.fields.data();
    REQUIRE(parse_request_head(head, {}, out));
    CHECK(out.fields.data() == memory);
}

TEST_CASE("A request may have 100 fields and no more", "[http]") {
    RequestHead out;
    CHECK(parse_request_head(std::string(start) + repeated("X: y\r\n", 99) + "\r\n", {}, out));
    CHECK(head_error(std::string(start) + repeated("X: y\r\n", 100) + "\r\n").code ==
          ErrorCode::HeadersTooLarge);
}

TEST_CASE("Field lines may measure their limit and no more", "[http]") {
    const HeadLimits limits{.fields = 100, .field_bytes = 20, .start_line_bytes = 100};
    RequestHead out;
    // "Host: a" CRLF is nine bytes.
    CHECK(parse_request_head(std::string(start) + "X: 123456\r\n\r\n", limits, out));
    CHECK(head_error(std::string(start) + "X: 1234567\r\n\r\n", limits).code ==
          ErrorCode::HeadersTooLarge);
}

TEST_CASE("A field name may have 255 bytes and no more", "[http]") {
    RequestHead out;
    CHECK(parse_request_head(std::string(start) + std::string(255, 'a') + ": b\r\n\r\n", {}, out));
    CHECK(head_error(std::string(start) + std::string(256, 'a') + ": b\r\n\r\n").code ==
          ErrorCode::HeadersTooLarge);
}

TEST_CASE("The request line may measure its limit and no more", "[http]") {
    const HeadLimits limits{.fields = 100, .field_bytes = 100, .start_line_bytes = 14};
    RequestHead out;
    CHECK(parse_request_head(std::string(start) + "\r\n", limits, out));
    CHECK(head_error("GET /a HTTP/1.1\r\nHost: a\r\n\r\n", limits).code == ErrorCode::TargetTooLong);
}

TEST_CASE("The parser alone is as strict about line ends as with the scanner", "[http]") {
    const std::string_view head =
        GENERATE(as<std::string_view>(), "GET / HTTP/1.1\nHost: a\r\n\r\n",
                 "GET / HTTP/1.1\r\nHost: a\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\n",
                 "GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", "GET / HTTP/1.1\rHost: a\r\n\r\n",
                 "GET / HTTP/1.1\r\nHost: a\x01\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n",
                 "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: a\r",
                 "GET / HTTP/1.1\r\nHost:", "GET / HTTP/1.1\r\nHo", "GET / HTTP/1.1\r",
                 "GET / HTTP/1.1\r\nHost: a\r\n\r\nX");
    INFO(head);
    CHECK(head_error(head).code == ErrorCode::BadFraming);
}

TEST_CASE("The parser refuses any beginning of a head", "[http]") {
    const std::string head = "GET http://a/?b HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n";
    for (std::size_t size = 0; size < head.size(); ++size) {
        RequestHead out;
        // A buffer of exactly that size, so that a sanitizer sees a read beyond it.
        const std::string beginning(head, 0, size);
        CHECK_FALSE(parse_request_head(beginning, {}, out));
    }
}

TEST_CASE("A message names the field and never its value, and is bounded and printable", "[http]") {
    const Error secret = head_error(std::string(start) + "Authorization: Basic c2VjcmV0\x01\r\n\r\n");
    CHECK(secret.context() == "a control byte in a field value: Authorization");
    const Error long_name = head_error(std::string(start) + std::string(5000, 'a') + "@: b\r\n\r\n");
    CHECK(long_name.context().size() < 200);
    CHECK(long_name.context().ends_with("..."));
    const Error escaped = head_error(std::string(start) + "X<\x1b[31m>: b\r\n\r\n");
    CHECK(escaped.context().contains("X<\\x1b[31m>"));
}

TEST_CASE("After a refusal the method and target are there for the log", "[http]") {
    RequestHead out;
    REQUIRE_FALSE(parse_request_head("GET /a HTTP/1.1\r\n\r\n", {}, out));
    CHECK(out.method_name == "GET");
    CHECK(out.target == "/a");
}
