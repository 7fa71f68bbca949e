#include "http2/response_text.hpp"

#include <catch2/catch.hpp>
#include <utility>
#include <vector>

using namespace sluice;
using http2::ResponseText;

namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

Result<std::string> response_head(const Fields& fields, http2::ClientLimits limits = {}) {
    ResponseText text(limits);
    for (const auto& [name, value] : fields) text.add(name, value);
    return text.finish();
}

Result<std::string> trailers_of(const Fields& fields, http2::ClientLimits limits = {}) {
    ResponseText text(limits);
    for (const auto& [name, value] : fields) text.add(name, value);
    return text.finish_trailers();
}

void check_refused(const Result<std::string>& found) {
    REQUIRE_FALSE(found);
    CHECK(found.error().code == ErrorCode::BadResponse);
    CHECK(found.error().side == Side::Upstream);
}

Fields ok_with(Fields more) {
    more.insert(more.begin(), {":status", "200"});
    return more;
}

}  // namespace

TEST_CASE("a response becomes the same one in HTTP/1.1, without a reason") {
    CHECK(response_head({{":status", "200"}, {"content-type", "a/b"}, {"x-a", ""}}).value() == "HTTP/1.1 200 \r\ncontent-type: a/b\r\nx-a: \r\n\r\n");
    CHECK(response_head({{":status", "599"}}).value() == "HTTP/1.1 599 \r\n\r\n");
}

TEST_CASE("a head before the final one is known as such") {
    for (const char* const status : {"100", "103", "199", "200", "404"}) {
        ResponseText text(http2::ClientLimits{});
        text.add(":status", status);
        REQUIRE(text.finish());
        CHECK(text.is_interim() == (status[0] == '1'));
    }
}

TEST_CASE("a status has three digits, is one of HTTP, and not 101") {
    for (const char* const bad : {"", "0", "20", "2000", "20a", " 20", "+20", "099", "600", "999", "101"}) check_refused(response_head({{":status", bad}}));
}

TEST_CASE("the status is told once, before the fields, and by nothing else") {
    check_refused(response_head({}));
    check_refused(response_head({{"x", "y"}}));
    check_refused(response_head({{"x", "y"}, {":status", "200"}}));
    check_refused(response_head({{":status", "200"}, {":status", "200"}}));
    check_refused(response_head({{":status", "200"}, {":path", "/"}}));
    check_refused(response_head({{":status", "200"}, {":", "/"}}));
}

TEST_CASE("no field of a response ends a line") {
    for (const std::string& bad : {std::string("a\r\nb"), std::string("a\rb"), std::string("a\nb"), std::string("a\0b", 3)}) {
        check_refused(response_head(ok_with({{"x", bad}})));
        check_refused(response_head(ok_with({{bad, "x"}})));
        check_refused(response_head({{":status", bad}}));
        check_refused(trailers_of({{"x", bad}}));
    }
    check_refused(response_head(ok_with({{"", "x"}})));
}

TEST_CASE("more fields or bytes than the limits allow are refused, in trailers too") {
    const http2::ClientLimits limits{.fields = 5, .field_bytes = 1000, .streams = 1};
    CHECK(response_head(ok_with(Fields(5, {"x", "y"})), limits));
    check_refused(response_head(ok_with(Fields(6, {"x", "y"})), limits));
    check_refused(response_head(ok_with({{"x", std::string(1000, 'y')}}), limits));
    CHECK(trailers_of(Fields(5, {"x", "y"}), limits));
    check_refused(trailers_of(Fields(6, {"x", "y"}), limits));
    check_refused(trailers_of({{"x", std::string(1000, 'y')}}, limits));
}

TEST_CASE("trailers of a response are its fields, without a status") {
    CHECK(trailers_of({{"grpc-status", "0"}, {"grpc-message", ""}}).value() == "grpc-status: 0\r\ngrpc-message: \r\n");
    CHECK(trailers_of({}).value().empty());
    check_refused(trailers_of({{":status", "200"}}));
    check_refused(trailers_of({{"x", "y"}, {":status", "200"}}));
}

TEST_CASE("nothing of one head is left for the next") {
    ResponseText text(http2::ClientLimits{.fields = 2, .field_bytes = 1000, .streams = 1});
    for (int i = 0; i < 5; ++i) text.add("x", "a\nb");
    text.add(":status", "101");
    CHECK_FALSE(text.finish());
    text.clear();
    text.add(":status", "204");
    text.add("y", "1");
    CHECK(text.finish().value() == "HTTP/1.1 204 \r\ny: 1\r\n\r\n");
}
