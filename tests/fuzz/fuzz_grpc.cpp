#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/require.hpp"
#include "fuzz/splits.hpp"
#include "grpc/content_type.hpp"
#include "grpc/health.hpp"
#include "grpc/status_message.hpp"
#include "grpc/timeout.hpp"
#include "grpc/web_text.hpp"
#include "grpc/web_trailers.hpp"

// Properties: base64 means the same however it arrives, and as a plain decoder reads it; what is encoded is decoded to itself; a
// field put behind a health response that was taken decides it; a timeout that is written again is no longer and hardly shorter;
// a message becomes a field that may be sent; a type stays what it is; trailers are as long as their frame says.

namespace {

using namespace sluice;
using fuzz::require;

struct Outcome {
    std::string bytes;
    std::string error;

    bool operator==(const Outcome&) const = default;
};

Outcome decode(std::string_view text, const std::vector<std::size_t>& cuts) {
    grpc::WebTextDecoder decoder;
    Outcome out;
    std::size_t begin = 0;
    for (std::size_t piece = 0; piece <= cuts.size(); ++piece) {
        const std::size_t end = piece < cuts.size() ? cuts[piece] : text.size();
        if (const auto done = decoder.decode(text.substr(begin, end - begin), out.bytes); !done) return {{}, done.error().context()};
        begin = end;
    }
    if (const auto done = decoder.finish(); !done) return {{}, done.error().context()};
    return out;
}

/// Group by group, in the plainest way; nullopt if the text is not valid.
std::optional<std::string> decode_plainly(std::string_view text) {
    constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string bytes;
    for (; !text.empty(); text.remove_prefix(4)) {
        if (text.size() < 4) return std::nullopt;
        std::string_view group = text.substr(0, 4);
        while (group.ends_with('=')) group.remove_suffix(1);
        if (group.size() < 2) return std::nullopt;
        unsigned bits = 0;
        for (const char c : group) {
            const std::size_t digit = alphabet.find(c);
            if (digit == std::string_view::npos) return std::nullopt;
            bits = bits * 64 + static_cast<unsigned>(digit);
        }
        for (std::size_t i = group.size(); i < 4; ++i) bits *= 64;
        const std::size_t count = group.size() - 1;
        for (std::size_t i = 0; i < 3; ++i) {
            const unsigned byte = bits >> (16 - 8 * i) & 0xFF;
            if (i < count) bytes.push_back(static_cast<char>(byte));
            if (i >= count && byte != 0) return std::nullopt;
        }
    }
    return bytes;
}

void check_web_text(std::string_view input, const std::vector<std::size_t>& cuts) {
    const Outcome whole = decode(input, {});
    require(decode(input, cuts) == whole, "splits change nothing");
    const std::optional<std::string> plain = decode_plainly(input);
    require(plain.has_value() == whole.error.empty(), "a plain decoder takes the same texts");
    require(!plain || *plain == whole.bytes, "a plain decoder agrees");
    std::string text;
    std::size_t begin = 0;
    for (const std::size_t cut : cuts) {
        grpc::append_web_text(text, input.substr(begin, cut - begin));
        begin = cut;
    }
    grpc::append_web_text(text, input.substr(begin));
    require(decode(text, cuts.back() < text.size() ? std::vector{cuts.back()} : std::vector<std::size_t>{}) == Outcome{std::string(input), {}},
            "what is encoded is decoded to itself");
}

std::string prefixed(std::string message) {
    const std::size_t length = message.size();
    for (int shift = 0; shift < 32; shift += 8) message.insert(0, 1, static_cast<char>(length >> shift & 0xFF));
    return message.insert(0, 1, '\0');
}

void check_health(std::string_view input) {
    (void)grpc::parse_health_response(input);
    const auto alone = grpc::parse_health_response(prefixed(std::string(input)));
    const auto followed = grpc::parse_health_response(prefixed(std::string(input) + "\x08\x02"));
    if (alone) require(followed && *followed == grpc::ServingStatus::NotServing, "the last status counts");
    require(grpc::health_request(input).ends_with(input), "a request ends with the service");
}

void check_timeout(std::string_view input) {
    const std::optional<Duration> timeout = grpc::parse_timeout(input);
    if (!timeout) return;
    require(*timeout >= Duration::zero() && *timeout <= grpc::longest_timeout, "a timeout is in its range");
    const auto again = grpc::parse_timeout(grpc::TimeoutText(*timeout).view());
    require(again.has_value(), "a timeout that is written can be read");
    if (*timeout == Duration::zero()) return;
    require(*again <= *timeout && *timeout - *again <= *timeout / 10000, "a timeout that is written is hardly shorter");
}

void check_texts(std::string_view input) {
    std::string value;
    grpc::append_status_message(value, input);
    for (const char c : value) require(c >= 0x20 && c < 0x7F, "a message is visible ASCII");
    std::string back;
    grpc::append_decoded_status_message(back, value);
    require(back == input, "a message comes back");
    grpc::append_decoded_status_message(back, input);

    const grpc::ContentType type = grpc::content_type_of(input);
    std::string written;
    grpc::append_content_type(written, type.kind, type.format);
    const grpc::ContentType type_again = grpc::content_type_of(written);
    require(type_again.kind == type.kind && type_again.format == type.format, "a type stays what it is");
    (void)grpc::answer_kind(type.kind, input);

    std::string frame;
    grpc::append_web_trailers(frame, input);
    std::size_t length = 0;
    for (std::size_t i = 1; i < 5; ++i) length = length << 8 | static_cast<unsigned char>(frame.at(i));
    require(length + 5 == frame.size(), "trailers are as long as their frame says");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(bytes), size);
    check_web_text(input, fuzz::split_places(input));
    check_health(input);
    check_timeout(input);
    check_texts(input);
    return 0;
}
