#include <catch2/catch.hpp>

#include <string>
#include <string_view>

#include "http/head_parser.hpp"

namespace {

using namespace sluice;
using namespace sluice::http;

}  // namespace

TEST_CASE("The framing of a response follows RFC 9112, 6.3", "[http]") {
    const auto [status, method, fields, kind] =
        GENERATE(table<std::string, Method, std::string, BodyKind>({
            {"200 OK", Method::Get, "", BodyKind::UntilClose},
            {"200 OK", Method::Get, "Content-Length: 3\r\n", BodyKind::Length},
            {"200 OK", Method::Get, "Transfer-Encoding: chunked\r\n", BodyKind::Chunked},
            {"200 OK", Method::Head, "", BodyKind::None},
            {"200 OK", Method::Head, "Content-Length: 3\r\n", BodyKind::None},
            {"200 OK", Method::Head, "Transfer-Encoding: chunked\r\n", BodyKind::None},
            {"204 No Content", Method::Get, "Content-Length: 3\r\n", BodyKind::None},
            {"304 Not Modified", Method::Get, "Content-Length: 3\r\n", BodyKind::None},
            {"100 Continue", Method::Post, "", BodyKind::None},
            {"101 Switching Protocols", Method::Get, "", BodyKind::None},
            {"205 Reset Content", Method::Get, "Content-Length: 0\r\n", BodyKind::Length},
        }));
    ResponseHead out;
    REQUIRE(parse_response_head("HTTP/1.1 " + status + "\r\n" + fields + "\r\n", {}, method, out));
    CHECK(out.framing.kind == kind);
    CHECK(out.framing.length == (kind == BodyKind::Length && !fields.contains(": 0") ? 3U : 0U));
    CHECK(out.keep_alive == (kind != BodyKind::UntilClose));
}

TEST_CASE("Whatever is wrong with a response is a BadResponse of the upstream", "[http]") {
    const std::string_view head =
        GENERATE(as<std::string_view>(), "", "\r\n", "HTTP/1.1", "HTTP/1.1 200", "HTTP/1.1 200\r\n",
                 "HTTP/1.1 200 OK\r\nX\r\n\r\n", "HTTP/1.1 200OK\r\n\r\n", "HTTP/1.1 200 OK\n\r\n",
                 "HTTP/1.1 200 OK\r\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\nX");
    ResponseHead out;
    const auto parsed = parse_response_head(head, {}, Method::Get, out);
    INFO(head);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().side == Side::Upstream);
    CHECK(parsed.error().code == ErrorCode::BadResponse);
}

TEST_CASE("The parser refuses any beginning of a response head", "[http]") {
    const std::string head = "HTTP/1.1 200 OK\r\nX: y\r\n\r\n";
    for (std::size_t size = 0; size < head.size(); ++size) {
        ResponseHead out;
        const std::string beginning(head, 0, size);
        CHECK_FALSE(parse_response_head(beginning, {}, Method::Get, out));
    }
}

TEST_CASE("The status line may measure its limit and no more", "[http]") {
    const HeadLimits limits{.fields = 1, .field_bytes = 10, .start_line_bytes = 15};
    ResponseHead out;
    CHECK(parse_response_head("HTTP/1.1 200 OK\r\n\r\n", limits, Method::Get, out));
    CHECK_FALSE(parse_response_head("HTTP/1.1 200 OK.\r\n\r\n", limits, Method::Get, out));
}
