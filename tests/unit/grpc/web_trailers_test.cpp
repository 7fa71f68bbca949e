#include "grpc/web_trailers.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>

namespace {

using namespace sluice;
using namespace sluice::grpc;

std::string frame_of(std::string_view lines) {
    std::string out = "kept";
    append_web_trailers(out, lines);
    REQUIRE(out.starts_with("kept"));
    return out.substr(4);
}

std::string prefix(std::size_t length) {
    std::string out = "\x80";
    for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(length >> shift & 0xFF));
    return out;
}

}  // namespace

TEST_CASE("trailers become the last frame of a body of gRPC-Web, names in lower case", "[grpc]") {
    const std::string lines = "grpc-status: 0\r\nx-sum: A:b  C\r\nx-empty: \r\n";
    CHECK(frame_of("Grpc-Status: 0\r\nX-Sum:  A:b  C \r\nX-Empty:\r\n") == prefix(lines.size()) + lines);
}

TEST_CASE("no trailers are a frame with nothing in it", "[grpc]") {
    CHECK(frame_of("") == std::string("\x80\0\0\0\0", 5));
}

TEST_CASE("the frame of trailers has its length in network order", "[grpc]") {
    const std::string lines = "a: " + std::string(70000, 'x') + "\r\n";
    CHECK(frame_of(lines) == prefix(lines.size()) + lines);
    CHECK(frame_of(lines).substr(0, 5) == std::string("\x80\0\x01\x11\x75", 5));
}

TEST_CASE("a response that ended with its head has the status fields of it as trailers", "[grpc]") {
    const http::Fields head = {
        {"Content-Type", "application/grpc", {}},
        {"Grpc-Status", "5", {}},
        {"grpc-message", "not%20there", {}},
        {"X-Other", "1", {}},
        {"grpc-status-details-bin", "CAU", {}},
    };
    std::string out;
    append_web_trailers(out, head);
    const std::string lines = "grpc-status: 5\r\ngrpc-message: not%20there\r\ngrpc-status-details-bin: CAU\r\n";
    CHECK(out == prefix(lines.size()) + lines);
    CHECK(is_status_field("GRPC-STATUS"));
    CHECK_FALSE(is_status_field("grpc-encoding"));
}
