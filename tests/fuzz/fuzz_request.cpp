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

// Properties: a connection means the same however its bytes arrive; llhttp reads the same in what
// we take; a head that we take and write again is read as the same head.

namespace {

using namespace sluice;
using fuzz::require;

void check_splits(std::string_view input) {
    const auto whole = play(test::WirePlay(), input, {});
    require(play(test::WirePlay(), input, fuzz::split_places(input)) == whole,
            "splits change nothing");
    if (input.size() > 256) return;
    require(play_byte_by_byte(test::WirePlay(), input) == whole, "bytewise changes nothing");
}

bool is_same(const http::RequestHead& a, const http::RequestHead& b) {
    if (a.fields.size() != b.fields.size()) return false;
    for (std::size_t i = 0; i < a.fields.size(); ++i) {
        if (a.fields[i].name != b.fields[i].name || a.fields[i].value != b.fields[i].value) {
            return false;
        }
    }
    return a.method_name == b.method_name && a.target == b.target && a.authority == b.authority &&
           a.path == b.path && a.query == b.query && a.framing.kind == b.framing.kind &&
           a.framing.length == b.framing.length && a.keep_alive == b.keep_alive &&
           a.wants_upgrade == b.wants_upgrade && a.expects_continue == b.expects_continue;
}

void check_writing(const http::RequestHead& head) {
    // The writer speaks HTTP/1.1, which gives some fields another meaning than 1.0.
    if (head.minor_version == 0) return;
    static std::array<char, 64 * 1024> buffer;
    http::HeadWriter writer(buffer);
    writer.request_line(head.method_name, head.target);
    for (const http::Field& field : head.fields) writer.field(field.name, field.value);
    writer.end_head();
    require(writer.is_good(), "what was parsed can be written");
    http::RequestHead again;
    require(parse_request_head(writer.view(), {}, again).has_value(), "what was written is taken");
    require(is_same(head, again), "what was written means the same");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    check_splits(input);
    http::HeadScanner scanner(http::HeadLimits{});
    const auto length = scanner.scan(input);
    if (!length || !*length) return 0;
    const std::string_view bytes = input.substr(0, **length);
    http::RequestHead head;
    if (!parse_request_head(bytes, {}, head)) return 0;
    const auto end = http::HeadScanner(http::HeadLimits{}).find_end(input);
    require(end && *end && **end == bytes.size(), "the end alone is found where it is");
    const std::string found = test::difference(head, bytes);
    require(found.empty(), "llhttp agrees: " + found);
    check_writing(head);
    return 0;
}
