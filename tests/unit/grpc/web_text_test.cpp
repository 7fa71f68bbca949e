#include "grpc/web_text.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <tuple>

#include "base/random.hpp"

namespace {

using namespace sluice;
using namespace sluice::grpc;

/// What the text stands for when it comes in pieces of that size; the error's words when it is refused.
std::string decoded_text(std::string_view text, std::size_t piece = 1000) {
    WebTextDecoder decoder;
    std::string out;
    while (!text.empty()) {
        const auto done = decoder.decode(text.substr(0, piece), out);
        if (!done) {
            CHECK(done.error().code == ErrorCode::BadFraming);
            CHECK(done.error().side == Side::Client);
            return done.error().context();
        }
        text.remove_prefix(std::min(piece, text.size()));
    }
    const auto done = decoder.finish();
    return done ? out : done.error().context();
}

std::string encoded_text(std::string_view bytes) {
    std::string out;
    append_web_text(out, bytes);
    return out;
}

}  // namespace

TEST_CASE("the text of gRPC-Web is decoded whatever the pieces", "[grpc]") {
    for (std::size_t piece = 1; piece < 12; ++piece) {
        CAPTURE(piece);
        CHECK(decoded_text("", piece).empty());
        CHECK(decoded_text("Zg==", piece) == "f");
        CHECK(decoded_text("Zm8=", piece) == "fo");
        CHECK(decoded_text("Zm9vYmFy", piece) == "foobar");
        CHECK(decoded_text("+/+/", piece) == "\xFB\xFF\xBF");
    }
}

TEST_CASE("segments of gRPC-Web's text are each padded and follow one another", "[grpc]") {
    for (std::size_t piece = 1; piece < 20; ++piece) {
        CAPTURE(piece);
        CHECK(decoded_text("Zg==Zm8=Zm9vZg==Zm9vYmFyZg==", piece) == "ffofooffoobarf");
    }
}

TEST_CASE("text that is not base64 is refused with the place", "[grpc]") {
    const auto [text, words] = GENERATE(table<std::string_view, std::string_view>({
        {"Zm9vZm9\n", "byte 7 (\"\\u000a\") is no digit of base64"},
        {"Zm9v\r\nZm9v", "byte 4 (\"\\u000d\") is no digit"},
        {"Zm9v Zm9", "byte 4 (\" \") is no digit"},
        {"Zm9vZm9-", "byte 7 (\"-\") is no digit"},
        {"Zm_v", "byte 2 (\"_\") is no digit"},
        {"\xC3\xBC==", "byte 0 ("},
        {"Zm9vZg=v", "byte 7 (\"v\") stands inside padding"},
        {"Zm9vZ===", "byte 5 (\"=\") pads a group of fewer than two digits"},
        {"====", "byte 0 (\"=\") pads a group"},
        {"Zg===", "byte 4 (\"=\") pads a group"},
        {"Zh==", "byte 2 (\"=\") pads a group that has bits behind its last byte"},
        {"Zm9=", "byte 3 (\"=\") pads a group that has bits behind its last byte"},
        {"Z", "ends inside a group of four, after byte 1"},
        {"Zm9vZm9", "ends inside a group of four, after byte 7"},
        {"Zg=", "ends inside a group of four"},
    }));
    for (std::size_t piece = 1; piece < 9; ++piece) {
        CAPTURE(text, piece);
        CHECK_THAT(decoded_text(text, piece), Catch::Contains(std::string(words)));
        CHECK(decoded_text(text, piece) == decoded_text(text));
    }
}

TEST_CASE("a decoder that has refused keeps refusing until it is cleared, and adds nothing", "[grpc]") {
    WebTextDecoder decoder;
    std::string out = "kept";
    REQUIRE_FALSE(decoder.decode("Zm9vZm9v!", out));
    CHECK(out == "kept");
    REQUIRE_FALSE(decoder.decode("Zm9v", out));
    REQUIRE_FALSE(decoder.finish());
    CHECK(out == "kept");
    decoder.clear();
    REQUIRE(decoder.decode("Zm9v", out));
    REQUIRE(decoder.finish());
    CHECK(out == "keptfoo");
}

TEST_CASE("each piece is text that can be read at once", "[grpc]") {
    CHECK(encoded_text("").empty());
    CHECK(encoded_text("f") == "Zg==");
    CHECK(encoded_text("fo") == "Zm8=");
    CHECK(encoded_text("foo") == "Zm9v");
    CHECK(encoded_text("foobar") == "Zm9vYmFy");
    CHECK(encoded_text("\xFB\xFF\xBF") == "+/+/");
    std::string out = "kept";
    append_web_text(out, "fo");
    append_web_text(out, "f");
    CHECK(out == "keptZm8=Zg==");
}

TEST_CASE("bytes that are encoded in pieces are decoded to themselves", "[grpc]") {
    Random random(11);
    std::string text;
    std::string out;
    for (int round = 0; round < 2000; ++round) {
        std::string bytes(random.below(100), '\0');
        for (char& c : bytes) c = static_cast<char>(random.below(256));
        text.clear();
        std::string_view left = bytes;
        while (!left.empty()) {
            const std::size_t size = std::min<std::size_t>(left.size(), 1 + random.below(40));
            const std::size_t before = text.size();
            append_web_text(text, left.substr(0, size));
            REQUIRE(text.size() - before == web_text_bytes(size));
            left.remove_prefix(size);
        }
        REQUIRE(decoded_text(text, 1 + random.below(30)) == bytes);
    }
}

TEST_CASE("the buffer for decoded and encoded pieces does not grow once it was large enough", "[grpc]") {
    WebTextDecoder decoder;
    std::string out;
    const std::string text = encoded_text(std::string(3000, 'a'));
    REQUIRE(decoder.decode(text, out));
    const std::size_t capacity = out.capacity();
    const char* const memory = out.data();
    for (int round = 0; round < 10; ++round) {
        out.clear();
        REQUIRE(decoder.decode(text, out));
    }
    CHECK(out.capacity() == capacity);
    CHECK(out.data() == memory);
}
