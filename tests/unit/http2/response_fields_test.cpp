#include "http2/response_fields.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using sluice::http2::ResponseFields;

namespace {

std::vector<std::string> lines(const ResponseFields& fields) {
    std::vector<std::string> found;
    for (std::size_t i = 0; i < fields.count(); ++i) {
        const nghttp2_nv& field = fields.data()[i];
        found.push_back(std::string(reinterpret_cast<const char*>(field.name), field.namelen) + "=" +
                        std::string(reinterpret_cast<const char*>(field.value), field.valuelen));
    }
    return found;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("a head is its status and its fields in lower case") {
    CHECK(lines(ResponseFields(200, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-Empty:\r\nX-A:  b c \t\r\n\r\n")) ==
          Lines{":status=200", "content-type=text/plain", "x-empty=", "x-a=b c"});
}

TEST_CASE("fields of the connection are left out") {
    CHECK(lines(ResponseFields(200, "HTTP/1.1 200 OK\r\nConnection: close\r\nKEEP-ALIVE: 1\r\nProxy-Connection: a\r\nTransfer-Encoding: chunked\r\n"
                                    "Upgrade: h2c\r\nX: 1\r\n\r\n")) == Lines{":status=200", "x=1"});
}

TEST_CASE("a head without fields, and a status line alone") {
    CHECK(lines(ResponseFields(204, "HTTP/1.1 204 No Content\r\n\r\n")) == Lines{":status=204"});
    CHECK(lines(ResponseFields(204, "HTTP/1.1 204 No Content")) == Lines{":status=204"});
    CHECK(lines(ResponseFields(204, "")) == Lines{":status=204"});
}

TEST_CASE("trailers have no status") {
    CHECK(lines(ResponseFields("Grpc-Status: 0\r\nGrpc-Message: a:b\r\n")) == Lines{"grpc-status=0", "grpc-message=a:b"});
    CHECK(lines(ResponseFields("")).empty());
}

TEST_CASE("names stay where they are while many are added") {
    std::string text;
    Lines expected;
    for (int i = 0; i < 500; ++i) {
        text += "Name-" + std::to_string(i) + ": v\r\n";
        expected.push_back("name-" + std::to_string(i) + "=v");
    }
    CHECK(lines(ResponseFields(text)) == expected);
}
