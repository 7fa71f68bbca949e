#include "grpc/status_message.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>

namespace {

using namespace sluice::grpc;

std::string encoded(std::string_view text) {
    std::string out = "kept ";
    append_status_message(out, text);
    REQUIRE(out.starts_with("kept "));
    return out.substr(5);
}

std::string decoded(std::string_view value) {
    std::string out;
    append_decoded_status_message(out, value);
    return out;
}

}  // namespace

TEST_CASE("a grpc-message keeps visible ASCII and spaces inside", "[grpc]") {
    CHECK(encoded("no endpoint of the upstream is available") == "no endpoint of the upstream is available");
    CHECK(encoded("~!\"#$&'()*+,-./:;<=>?@[\\]^_`{|}") == "~!\"#$&'()*+,-./:;<=>?@[\\]^_`{|}");
    CHECK(encoded("").empty());
}

TEST_CASE("a grpc-message hides what a field may not hold", "[grpc]") {
    CHECK(encoded("100%") == "100%25");
    CHECK(encoded("a\r\nb\tc\x7F") == "a%0D%0Ab%09c%7F");
    CHECK(encoded("\xC3\xBC") == "%C3%BC");
    CHECK(encoded(" a ") == "%20a%20");
    CHECK(encoded(" ") == "%20");
    CHECK(encoded(std::string_view("\0", 1)) == "%00");
}

TEST_CASE("a grpc-message is decoded, and what is malformed in it stays", "[grpc]") {
    CHECK(decoded("a%0D%0ab") == "a\r\nb");
    CHECK(decoded("%C3%bc") == "\xC3\xBC");
    CHECK(decoded("100%") == "100%");
    CHECK(decoded("%4") == "%4");
    CHECK(decoded("%zz%4z%z4") == "%zz%4z%z4");
    CHECK(decoded("%%41") == "%A");
    CHECK(decoded("a+b") == "a+b");
}

TEST_CASE("every byte comes back from a grpc-message", "[grpc]") {
    std::string all;
    for (int c = 0; c < 256; ++c) all.push_back(static_cast<char>(c));
    CHECK(decoded(encoded(all)) == all);
}

TEST_CASE("a call that the gateway ends has its status and words as trailers", "[grpc]") {
    std::string out;
    append_status_lines(out, Status::Unavailable, "100% of it is away");
    CHECK(out == "grpc-status: 14\r\ngrpc-message: 100%25 of it is away\r\n");
    out.clear();
    append_status_lines(out, Status::Ok, "");
    CHECK(out == "grpc-status: 0\r\n");
}
