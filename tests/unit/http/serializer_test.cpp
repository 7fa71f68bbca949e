#include "http/serializer.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <limits>
#include <span>
#include <string>
#include <string_view>

#include "http/head_parser.hpp"

namespace {

using namespace sluice::http;

std::string date_of(std::int64_t seconds) {
    const HttpDate date = http_date(seconds);
    return {date.data(), date.size()};
}

}  // namespace

TEST_CASE("HeadWriter writes a response head", "[http]") {
    std::array<char, 256> buffer{};
    HeadWriter writer(buffer);
    writer.status_line(404);
    writer.field("Content-Length", std::uint64_t{12});
    writer.field("X", "a\tb");
    writer.field(Field{"Via", "1.1 a", FieldId::Via});
    writer.begin_field("Location");
    writer.checked("/a");
    writer.raw("?");
    writer.number(7);
    writer.end_field();
    writer.end_head();
    CHECK(writer.is_good());
    CHECK(writer.view() ==
          "HTTP/1.1 404 Not Found\r\nContent-Length: 12\r\nX: a\tb\r\nVia: 1.1 a\r\nLocation: "
          "/a?7\r\n\r\n");
}

TEST_CASE("HeadWriter writes fields as they were parsed, and as they are when somebody has changed them", "[http]") {
    // The value of the third has blanks around it, which are no part of it.
    const std::string head = "HTTP/1.1 200 OK\r\nA: 1\r\nB: two\r\nC:  3 \r\nD:4\r\nE:\r\nF: six\r\n\r\n";
    ResponseHead parsed;
    REQUIRE(parse_response_head(head, {}, Method::Get, parsed));
    std::array<char, 256> buffer{};
    HeadWriter as_parsed(buffer);
    for (const Field& field : parsed.fields) as_parsed.field(field);
    CHECK(as_parsed.view() == "A: 1\r\nB: two\r\nC: 3\r\nD: 4\r\nE: \r\nF: six\r\n");
    parsed.fields[0].value = "other";
    parsed.fields[1].value.remove_suffix(1);
    parsed.fields[5].value.remove_prefix(1);
    HeadWriter changed(buffer);
    for (const Field& field : parsed.fields) changed.field(field);
    CHECK(changed.view() == "A: other\r\nB: tw\r\nC: 3\r\nD: 4\r\nE: \r\nF: ix\r\n");
    HeadWriter short_of_room(std::span<char>(buffer).first(10));
    for (const Field& field : parsed.fields) short_of_room.field(field);
    CHECK(short_of_room.overflowed());
}

TEST_CASE("HeadWriter writes a request line with and without a query", "[http]") {
    std::array<char, 256> buffer{};
    HeadWriter writer(buffer);
    writer.request_line("GET", "/a", "b=c", true);
    writer.request_line("GET", "/a", "", true);
    writer.request_line("GET", "/a", "", false);
    writer.request_line("OPTIONS", "*");
    CHECK(writer.is_good());
    CHECK(writer.view() ==
          "GET /a?b=c HTTP/1.1\r\nGET /a? HTTP/1.1\r\nGET /a HTTP/1.1\r\nOPTIONS * HTTP/1.1\r\n");
}

TEST_CASE("HeadWriter keeps a reason that it is given", "[http]") {
    std::array<char, 64> buffer{};
    HeadWriter writer(buffer);
    writer.status_line(200, "Fine");
    writer.status_line(299);
    CHECK(writer.view() == "HTTP/1.1 200 Fine\r\nHTTP/1.1 299 \r\n");
}

TEST_CASE("HeadWriter fills its buffer to the last byte and remembers an overflow", "[http]") {
    std::array<char, 8> buffer{};
    HeadWriter exact(buffer);
    exact.field("A", "123");
    CHECK(exact.is_good());
    CHECK(exact.size() == 8);
    HeadWriter over(buffer);
    over.field("A", "1234");
    CHECK(over.overflowed());
    CHECK_FALSE(over.is_good());
    CHECK(over.size() <= buffer.size());
}

TEST_CASE("HeadWriter spoils a head rather than split it", "[http]") {
    std::array<char, 256> buffer{};
    const auto spoils = [&](auto&& write) {
        HeadWriter writer(buffer);
        write(writer);
        CHECK_FALSE(writer.is_good());
        CHECK_FALSE(writer.overflowed());
        CHECK_FALSE(writer.view().contains("Evil"));
    };
    spoils([](HeadWriter& w) { w.field("Location", "/a\r\nEvil: b"); });
    spoils([](HeadWriter& w) { w.field("Location", "/a\nEvil: b"); });
    spoils([](HeadWriter& w) { w.checked(std::string_view("\0Evil", 5)); });
    spoils([](HeadWriter& w) { w.field("X\r\nY", "b"); });
    spoils([](HeadWriter& w) { w.field("", "b"); });
    spoils([](HeadWriter& w) { w.request_line("GET", "/a HTTP/1.1\r\nEvil: b"); });
    spoils([](HeadWriter& w) { w.request_line("GET", "/a Evil"); });
    spoils([](HeadWriter& w) { w.request_line("GET", "/a", "b Evil", true); });
    spoils([](HeadWriter& w) { w.request_line("G T", "/a"); });
    spoils([](HeadWriter& w) { w.request_line("GET", ""); });
    spoils([](HeadWriter& w) { w.status_line(200, "OK\r\nEvil: b"); });
}

TEST_CASE("Reason phrases are those of the registry", "[http]") {
    CHECK(reason_phrase(100) == "Continue");
    CHECK(reason_phrase(200) == "OK");
    CHECK(reason_phrase(431) == "Request Header Fields Too Large");
    CHECK(reason_phrase(504) == "Gateway Timeout");
    CHECK(reason_phrase(299).empty());
    CHECK(reason_phrase(0).empty());
    CHECK(reason_phrase(99).empty());
    CHECK(reason_phrase(600).empty());
    CHECK(reason_phrase(65535).empty());
}

TEST_CASE("write_chunk_line writes any size", "[http]") {
    const auto [size, text] = GENERATE(table<std::uint64_t, std::string>({
        {0, "0\r\n"},
        {15, "f\r\n"},
        {0x1F4, "1f4\r\n"},
        {std::numeric_limits<std::uint64_t>::max(), "ffffffffffffffff\r\n"},
    }));
    std::array<char, chunk_line_bytes> line{};
    const std::size_t length = write_chunk_line(line, size);
    CHECK(std::string(line.data(), length) == text);
}

TEST_CASE("http_date writes an IMF-fixdate", "[http]") {
    const auto [seconds, text] = GENERATE(table<std::int64_t, std::string>({
        {0, "Thu, 01 Jan 1970 00:00:00 GMT"},
        {784111777, "Sun, 06 Nov 1994 08:49:37 GMT"},
        {951782399, "Mon, 28 Feb 2000 23:59:59 GMT"},
        {951782400, "Tue, 29 Feb 2000 00:00:00 GMT"},
        {951868800, "Wed, 01 Mar 2000 00:00:00 GMT"},
        {1709164800, "Thu, 29 Feb 2024 00:00:00 GMT"},
        {1735689599, "Tue, 31 Dec 2024 23:59:59 GMT"},
        {4107542400, "Mon, 01 Mar 2100 00:00:00 GMT"},
        {4107542399, "Sun, 28 Feb 2100 23:59:59 GMT"},
        {253402300799, "Fri, 31 Dec 9999 23:59:59 GMT"},
        {-5, "Thu, 01 Jan 1970 00:00:00 GMT"},
    }));
    CHECK(date_of(seconds) == text);
}
