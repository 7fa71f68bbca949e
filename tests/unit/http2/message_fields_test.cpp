#include "http2/message_fields.hpp"

#include <catch2/catch.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.hpp"

using sluice::http2::MessageFields;

namespace {

std::vector<std::string> lines(const MessageFields& fields) {
    std::vector<std::string> found;
    for (std::size_t i = 0; i < fields.count(); ++i) {
        const nghttp2_nv& field = fields.data()[i];
        // As nghttp2 does when it copies them.
        found.push_back(sluice::to_lower({reinterpret_cast<const char*>(field.name), field.namelen}) + "=" +
                        std::string(reinterpret_cast<const char*>(field.value), field.valuelen));
    }
    return found;
}

std::vector<std::string> lines_of_response(std::uint16_t status, const char* head) {
    MessageFields fields;
    fields.set_response(status, head);
    return lines(fields);
}

std::vector<std::string> lines_of_trailers(const std::string& text) {
    MessageFields fields;
    fields.set_trailers(text);
    return lines(fields);
}

std::vector<std::string> lines_of_request(const char* head) {
    MessageFields fields;
    if (!fields.set_request(head, "https")) return {"refused"};
    return lines(fields);
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("a head is its status and its fields in lower case") {
    CHECK(lines_of_response(200, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-Empty:\r\nX-A:  b c \t\r\n\r\n") ==
          Lines{":status=200", "content-type=text/plain", "x-empty=", "x-a=b c"});
}

TEST_CASE("fields of the connection are left out") {
    CHECK(lines_of_response(200, "HTTP/1.1 200 OK\r\nConnection: close\r\nKEEP-ALIVE: 1\r\nProxy-Connection: a\r\nTransfer-Encoding: chunked\r\n"
                                    "Upgrade: h2c\r\nX: 1\r\n\r\n") == Lines{":status=200", "x=1"});
}

TEST_CASE("a head without fields, and a status line alone") {
    CHECK(lines_of_response(204, "HTTP/1.1 204 No Content\r\n\r\n") == Lines{":status=204"});
    CHECK(lines_of_response(204, "HTTP/1.1 204 No Content") == Lines{":status=204"});
    CHECK(lines_of_response(204, "") == Lines{":status=204"});
}

TEST_CASE("trailers have no status") {
    CHECK(lines_of_trailers("Grpc-Status: 0\r\nGrpc-Message: a:b\r\n") == Lines{"grpc-status=0", "grpc-message=a:b"});
    CHECK(lines_of_trailers("").empty());
}

TEST_CASE("a head may have many fields") {
    std::string text;
    Lines expected;
    for (int i = 0; i < 500; ++i) {
        text += "name-" + std::to_string(i) + ": v\r\n";
        expected.push_back("name-" + std::to_string(i) + "=v");
    }
    CHECK(lines_of_trailers(text) == expected);
}

TEST_CASE("a request is its pseudo fields in front, Host among them") {
    CHECK(lines_of_request("GET /a?b HTTP/1.1\r\nX-A: 1\r\nHost: a.example:8\r\nX-B: 2\r\n\r\n") ==
          Lines{":method=GET", ":scheme=https", ":path=/a?b", ":authority=a.example:8", "x-a=1", "x-b=2"});
    CHECK(lines_of_request("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n") == Lines{":method=OPTIONS", ":scheme=https", ":path=*", ":authority=a"});
    CHECK(lines_of_request("GET / HTTP/1.0\r\n\r\n") == Lines{":method=GET", ":scheme=https", ":path=/"});
}

TEST_CASE("a request keeps TE when it asks for trailers alone") {
    const Lines plain{":method=GET", ":scheme=https", ":path=/", ":authority=a"};
    Lines with_te = plain;
    with_te.push_back("te=Trailers");
    CHECK(lines_of_request("GET / HTTP/1.1\r\nHost: a\r\nTE: Trailers\r\n\r\n") == with_te);
    CHECK(lines_of_request("GET / HTTP/1.1\r\nHost: a\r\nTE: gzip, trailers\r\nConnection: TE\r\nTransfer-Encoding: chunked\r\n\r\n") == plain);
}

TEST_CASE("what is no request for an origin is refused") {
    for (const char* const head : {"", "GET", "GET / HTTP/1.1", "GET /\r\n\r\n", " / HTTP/1.1\r\n\r\n", "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n",
                                   "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"}) {
        CHECK(lines_of_request(head) == Lines{"refused"});
    }
}

TEST_CASE("one object serves many messages") {
    MessageFields fields;
    fields.set_response(200, "HTTP/1.1 200 OK\r\nX-Long-Name: a\r\n\r\n");
    REQUIRE(fields.set_request("GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n\r\n", "http"));
    CHECK(lines(fields) == Lines{":method=GET", ":scheme=http", ":path=/", ":authority=a", "x=1"});
    fields.set_trailers("Y: 2\r\n");
    CHECK(lines(fields) == Lines{"y=2"});
}

TEST_CASE("a field with another value in each message is put into the table of names now and then alone") {
    MessageFields fields;
    int taught = 0;
    for (int i = 0; i < 126; ++i) {
        fields.set_response(200, "HTTP/1.1 200 OK\r\nX-Request-Id: 1\r\nServer: a\r\n\r\n");
        REQUIRE(fields.count() == 3);
        CHECK((fields.data()[2].flags & NGHTTP2_NV_FLAG_NO_INDEX) == 0);
        if ((fields.data()[1].flags & NGHTTP2_NV_FLAG_NO_INDEX) == 0) ++taught;
        if (i == 0) CHECK(taught == 1);
    }
    CHECK(taught == 2);
}

TEST_CASE("names that need not be copied are in lower case and stay") {
    std::string head = "HTTP/1.1 200 OK\r\nDATE: a\r\nContent-Type: b\r\nX-OTHER: c\r\n\r\n";
    MessageFields fields;
    fields.set_response(200, head);
    REQUIRE(fields.count() == 4);
    CHECK((fields.data()[3].flags & NGHTTP2_NV_FLAG_NO_COPY_NAME) == 0);
    head.assign(head.size(), '#');
    for (const auto& [index, name] : {std::pair<std::size_t, std::string_view>{0, ":status"}, {1, "date"}, {2, "content-type"}}) {
        const nghttp2_nv& field = fields.data()[index];
        CHECK((field.flags & NGHTTP2_NV_FLAG_NO_COPY_NAME) != 0);
        CHECK(std::string_view(reinterpret_cast<const char*>(field.name), field.namelen) == name);
    }
}
