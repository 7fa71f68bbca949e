#include "http2/request_text.hpp"

#include <catch2/catch.hpp>
#include <utility>
#include <vector>

using namespace sluice;
using http2::RequestText;

namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

const Fields plain = {{":method", "GET"}, {":scheme", "https"}, {":authority", "a.example"}, {":path", "/x?y"}};

Fields with(Fields more) {
    Fields all = plain;
    all.insert(all.end(), more.begin(), more.end());
    return all;
}

Fields changed(const std::string& name, const std::string& value) {
    Fields all = plain;
    for (auto& field : all) {
        if (field.first == name) field.second = value;
    }
    return all;
}

Result<PooledString> head_of(const Fields& fields, bool has_body = false, http2::Limits limits = {}) {
    RequestText text(limits);
    for (const auto& [name, value] : fields) text.add(name, value);
    return text.finish(has_body);
}

void check_refused(const Fields& fields, ErrorCode code, http2::Limits limits = {}) {
    const Result<PooledString> head = head_of(fields, false, limits);
    REQUIRE_FALSE(head);
    CHECK(head.error().code == code);
    CHECK(head.error().side == Side::Client);
}

}  // namespace

TEST_CASE("a request becomes the same one in HTTP/1.1") {
    CHECK(head_of(with({{"accept", "*/*"}, {"x-a", ""}})).value() ==
          "GET /x?y HTTP/1.1\r\nhost: a.example\r\naccept: */*\r\nx-a: \r\n\r\n");
}

TEST_CASE("a body without length is told as chunked, one with length as it is") {
    CHECK(head_of(plain, true).value() == "GET /x?y HTTP/1.1\r\nhost: a.example\r\ntransfer-encoding: chunked\r\n\r\n");
    CHECK(head_of(with({{"content-length", "3"}}), true).value() == "GET /x?y HTTP/1.1\r\nhost: a.example\r\ncontent-length: 3\r\n\r\n");
}

TEST_CASE("crumbs of cookies are joined behind the other fields") {
    CHECK(head_of(with({{"cookie", "a=1"}, {"x", "y"}, {"cookie", "b=2"}})).value() ==
          "GET /x?y HTTP/1.1\r\nhost: a.example\r\nx: y\r\ncookie: a=1; b=2\r\n\r\n");
}

TEST_CASE("Host stands for a missing :authority, and may repeat it") {
    CHECK(head_of({{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {"host", "b"}}).value() == "GET / HTTP/1.1\r\nhost: b\r\n\r\n");
    CHECK(head_of(with({{"host", "A.example"}})).value() == "GET /x?y HTTP/1.1\r\nhost: a.example\r\n\r\n");
}

TEST_CASE("whom a request is for is told once, or it is refused") {
    check_refused(with({{"host", "other"}}), ErrorCode::BadFraming);
    check_refused(with({{"host", ""}}), ErrorCode::BadFraming);
    check_refused(with({{"host", "a.example"}, {"host", "a.example"}}), ErrorCode::BadFraming);
    check_refused({{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {"host", "a"}, {"host", ""}, {"host", "b"}}, ErrorCode::BadFraming);
    check_refused({{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {"host", ""}, {"host", "b"}}, ErrorCode::BadFraming);
}

TEST_CASE("no field ends a line or a word") {
    for (const std::string& bad : {std::string("a\r\nb"), std::string("a\rb"), std::string("a\nb"), std::string("a\0b", 3)}) {
        check_refused(with({{"x", bad}}), ErrorCode::BadFraming);
        check_refused(with({{bad, "x"}}), ErrorCode::BadFraming);
        check_refused(with({{"cookie", bad}}), ErrorCode::BadFraming);
        for (const char* name : {":method", ":authority", ":path", ":scheme"}) check_refused(changed(name, bad), ErrorCode::BadFraming);
    }
    for (const char* const bad : {"a b", " ", "a\tb", "a\x7f"}) {
        for (const char* name : {":method", ":authority", ":path"}) check_refused(changed(name, bad), ErrorCode::BadFraming);
    }
}

TEST_CASE("the scheme is http or https") {
    for (const char* const bad : {"", "ftp", "HTTP", "http:"}) check_refused(changed(":scheme", bad), ErrorCode::BadFraming);
}

TEST_CASE("CONNECT names its authority alone") {
    CHECK(head_of({{":method", "CONNECT"}, {":authority", "a:1"}}).value() == "CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n\r\n");
}

TEST_CASE("more fields or bytes than the limits allow are refused, and not kept") {
    const http2::Limits limits{.streams = 1, .fields = 5, .field_bytes = 1000, .target_bytes = 100};
    check_refused(with(Fields(6, {"x", "y"})), ErrorCode::HeadersTooLarge, limits);
    check_refused(with(Fields(600, {"cookie", "y"})), ErrorCode::HeadersTooLarge, limits);
    check_refused(with({{"x", std::string(1200, 'y')}}), ErrorCode::HeadersTooLarge, limits);
    check_refused(changed(":path", "/" + std::string(100, 'y')), ErrorCode::TargetTooLong, limits);
    CHECK(head_of(with(Fields(5, {"x", "y"})), false, limits));
}

TEST_CASE("nothing of one request is left for the next") {
    RequestText text(http2::Limits{});
    for (const auto& [name, value] : with({{"host", "a.example"}, {"cookie", "a"}, {"content-length", "1"}, {"x", "a\nb"}})) text.add(name, value);
    CHECK_FALSE(text.finish(true));
    text.clear();
    for (const auto& [name, value] : plain) text.add(name, value);
    CHECK(text.finish(true).value() == "GET /x?y HTTP/1.1\r\nhost: a.example\r\ntransfer-encoding: chunked\r\n\r\n");
}

TEST_CASE("trailers are their fields, or refused as a whole") {
    RequestText text(http2::Limits{});
    text.add("x-sum", "1");
    text.add("grpc-status", "0");
    CHECK(text.finish_trailers().value() == "x-sum: 1\r\ngrpc-status: 0\r\n");
    text.clear();
    text.add("x", "a\r\nb");
    CHECK_FALSE(text.finish_trailers());
    text.clear();
    for (int i = 0; i < 200; ++i) text.add("x", "y");
    CHECK_FALSE(text.finish_trailers());
}

TEST_CASE("trailers do not say for whom or from whom the message is") {
    for (const char* const name : {"host", "cookie"}) {
        RequestText text(http2::Limits{});
        text.add(name, "1");
        CHECK_FALSE(text.finish_trailers());
    }
}
