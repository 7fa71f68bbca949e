#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "fuzz/require.hpp"
#include "fuzz/splits.hpp"
#include "http/characters.hpp"
#include "http/chunked_reader.hpp"
#include "http/serializer.hpp"
#include "support/llhttp_opinion.hpp"

// Properties: a chunked body means the same however its bytes arrive; what we take a plain decoder
// and llhttp read the same way; any data that we encode is decoded to itself.

namespace {

using namespace sluice;
using fuzz::require;
using Event = http::ChunkedReader::Event;

struct Outcome {
    std::string data;
    std::string trailers;
    std::string error;
    std::size_t consumed = 0;
    bool is_done = false;

    bool operator==(const Outcome&) const = default;
};

Outcome decode(std::string_view input, const std::vector<std::size_t>& cuts) {
    http::ChunkedReader reader;
    Outcome out;
    std::size_t piece = 0;
    while (!reader.is_done() && out.error.empty()) {
        const std::size_t end = piece < cuts.size() ? cuts[piece] : input.size();
        const auto step = reader.step(input.substr(out.consumed, end - out.consumed));
        if (!step) {
            out.error = step.error().context();
            break;
        }
        out.consumed += step->consumed;
        out.data.append(step->data);
        if (step->event == Event::NeedMore && ++piece > cuts.size()) break;
    }
    // How far a refused or unfinished body was read depends on the pieces.
    if (!reader.is_done()) out.consumed = 0;
    out.is_done = reader.is_done();
    out.trailers = reader.trailers();
    return out;
}

/// The data of a body that is known to be valid, in the plainest way; nullopt if it is not.
std::optional<std::string> decode_plainly(std::string_view body) {
    std::string data;
    while (true) {
        const std::size_t line = body.find("\r\n");
        if (line == std::string_view::npos) return std::nullopt;
        const std::string_view digits = body.substr(0, std::min(line, body.find(';')));
        std::uint64_t size = 0;
        for (const char c : digits) {
            if (hex_value(c) < 0) return std::nullopt;
            size = size * 16 + static_cast<std::uint64_t>(hex_value(c));
        }
        body.remove_prefix(line + 2);
        if (size == 0) break;
        if (body.size() < size + 2 || body.substr(size, 2) != "\r\n") return std::nullopt;
        data.append(body.substr(0, size));
        body.remove_prefix(size + 2);
    }
    return body.ends_with("\r\n") ? std::optional(data) : std::nullopt;
}

std::string encode(std::string_view data, const std::vector<std::size_t>& cuts) {
    std::string out;
    std::size_t at = 0;
    const auto chunk = [&](std::size_t end) {
        if (end == at) return;
        std::array<char, http::chunk_line_bytes> line{};
        out.append(line.data(), http::write_chunk_line(line, end - at));
        out.append(data.substr(at, end - at)).append(http::chunk_end);
        at = end;
    };
    for (const std::size_t cut : cuts) chunk(cut);
    chunk(data.size());
    return out.append(http::last_chunk).append("\r\n");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(bytes), size);
    const auto cuts = fuzz::split_places(input);
    const Outcome whole = decode(input, {});
    require(decode(input, cuts) == whole, "splits change nothing");
    if (whole.is_done) {
        const std::string_view body = input.substr(0, whole.consumed);
        require(decode_plainly(body) == whole.data, "a plain decoder agrees");
        const std::string found = test::chunked_difference(body, whole.data);
        require(found.empty(), "llhttp agrees: " + found);
    }
    const Outcome back = decode(encode(input, cuts), {});
    require(back.is_done && back.data == input, "what is encoded is decoded to itself");
    return 0;
}
