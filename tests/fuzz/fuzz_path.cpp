#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "fuzz/require.hpp"
#include "http/characters.hpp"
#include "routing/path.hpp"

// Properties: a normal form is normal (normalising it again changes nothing, nor copies it); it
// begins with '/', has no dot segments, nothing that one server decodes into a separator and
// another does not, and no byte that would end the target of a request.

namespace {

using namespace sluice;
using fuzz::require;

void check_segments(std::string_view path) {
    while (!path.empty()) {
        path.remove_prefix(1);
        const std::string_view segment = path.substr(0, path.find('/'));
        require(segment != "." && segment != "..", "no dot segments");
        path.remove_prefix(segment.size());
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    std::string scratch;
    const auto normal = routing::normalise_path(input, scratch);
    if (!normal) {
        require(normal.error().code == ErrorCode::BadPath, "a refusal is a BadPath");
        require(!normal.error().context().empty(), "a refusal says why");
        return 0;
    }
    const std::string first(*normal);
    require(first.starts_with('/'), "begins with a slash");
    require(!first.contains("%2F") && !first.contains("%5C") && !first.contains("%2E") &&
                !first.contains("%00") && !first.contains('\\') && !first.contains('?'),
            "no hidden separators");
    for (const char c : first) {
        require(is_in(http::ByteClass::Target, c), "only bytes that a target may contain");
    }
    check_segments(first);
    const auto again = routing::normalise_path(first, scratch);
    require(again && *again == first, "the normal form is normal");
    return 0;
}
