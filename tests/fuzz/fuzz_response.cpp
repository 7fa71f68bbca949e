#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "fuzz/require.hpp"
#include "fuzz/splits.hpp"
#include "http/head_parser.hpp"
#include "http/serializer.hpp"
#include "support/llhttp_opinion.hpp"
#include "support/wire_play.hpp"

// Properties: as in fuzz_request, for the responses to GET and to HEAD.

namespace {

using namespace sluice;
using fuzz::require;

void check_splits(std::string_view input, http::Method answered) {
    const auto whole = play(test::WirePlay(answered), input, {});
    require(play(test::WirePlay(answered), input, fuzz::split_places(input)) == whole,
            "splits change nothing");
    if (input.size() > 256) return;
    require(play_byte_by_byte(test::WirePlay(answered), input) == whole,
            "bytewise changes nothing");
}

void check_writing(const http::ResponseHead& head, http::Method answered) {
    // The writer speaks HTTP/1.1, and puts in a reason where there was none.
    if (head.minor_version == 0) return;
    static std::array<char, 64 * 1024> buffer;
    http::HeadWriter writer(buffer);
    writer.status_line(head.status, head.reason);
    for (const http::Field& field : head.fields) writer.field(field.name, field.value);
    writer.end_head();
    require(writer.is_good(), "what was parsed can be written");
    http::ResponseHead again;
    require(parse_response_head(writer.view(), {}, answered, again).has_value(),
            "what was written is taken");
    require(again.status == head.status && again.fields.size() == head.fields.size() &&
                again.framing.kind == head.framing.kind &&
                again.framing.length == head.framing.length && again.keep_alive == head.keep_alive,
            "what was written means the same");
}

void check_head(std::string_view input, http::Method answered) {
    http::HeadScanner scanner(http::HeadLimits{}, Side::Upstream);
    const auto length = scanner.scan(input);
    if (!length || !*length) return;
    const std::string_view bytes = input.substr(0, **length);
    http::ResponseHead head;
    const auto parsed = parse_response_head(bytes, {}, answered, head);
    if (!parsed) {
        require(parsed.error().code == ErrorCode::BadResponse, "a refusal is a BadResponse");
        return;
    }
    const std::string found = test::difference(head, bytes, answered);
    require(found.empty(), "llhttp agrees: " + found);
    check_writing(head, answered);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    for (const http::Method answered : {http::Method::Get, http::Method::Head}) {
        check_splits(input, answered);
        check_head(input, answered);
    }
    return 0;
}
