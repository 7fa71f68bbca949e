#include "http2/frame_scanner.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using sluice::http2::FrameHead;
using sluice::http2::FrameScanner;

namespace {

const std::string preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

std::string frame(std::uint8_t type, std::uint8_t flags, const std::string& body) {
    std::string out;
    for (const int shift : {16, 8, 0}) out += static_cast<char>((body.size() >> shift) & 0xff);
    out += static_cast<char>(type);
    out += static_cast<char>(flags);
    return out + std::string("\0\0\0\1", 4) + body;
}

std::vector<int> types(FrameScanner& scanner, std::string_view bytes) {
    std::vector<int> found;
    scanner.scan(bytes, [&](const FrameHead& head) { found.push_back(head.type); });
    return found;
}

}  // namespace

TEST_CASE("every frame is seen once, wherever its bytes are cut") {
    const std::string bytes = preface + frame(4, 0, "") + frame(0, 1, std::string(300, 'x')) + frame(0x2a, 0, "abc") + frame(6, 0, "12345678");
    for (std::size_t step = 1; step <= bytes.size(); ++step) {
        FrameScanner scanner;
        std::vector<int> found;
        for (std::size_t at = 0; at < bytes.size(); at += step) {
            for (const int type : types(scanner, std::string_view(bytes).substr(at, step))) found.push_back(type);
        }
        CHECK(found == std::vector<int>{4, 0, 0x2a, 6});
    }
}

TEST_CASE("a block of fields lasts until its last frame is whole, and counts its bytes") {
    FrameScanner scanner;
    types(scanner, preface);
    CHECK_FALSE(scanner.is_in_block());
    types(scanner, frame(1, 0, "12345"));
    CHECK(scanner.is_in_block());
    CHECK(scanner.block_bytes() == 5);
    const std::string last = frame(9, 4, "678");
    types(scanner, std::string_view(last).substr(0, last.size() - 1));
    CHECK(scanner.is_in_block());
    types(scanner, std::string_view(last).substr(last.size() - 1));
    CHECK_FALSE(scanner.is_in_block());
    CHECK(scanner.block_bytes() == 8);
    types(scanner, frame(1, 4, "1"));
    CHECK_FALSE(scanner.is_in_block());
    CHECK(scanner.block_bytes() == 1);
}

TEST_CASE("a frame that is not a block is none while it comes") {
    FrameScanner scanner;
    types(scanner, preface + frame(0, 0, "data").substr(0, 11));
    CHECK_FALSE(scanner.is_in_block());
}
