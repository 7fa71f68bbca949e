#include "http/field_parser.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

#include "base/text.hpp"

namespace sluice::http {
namespace {

constexpr Refusal folded{ErrorCode::BadFraming, "a field line begins with white space"};
constexpr Refusal empty_name{ErrorCode::BadFraming, "a field line without a name"};
constexpr Refusal space_in_name{ErrorCode::BadFraming, "white space in or after a field name"};
constexpr Refusal no_colon{ErrorCode::BadFraming, "a field line without a colon"};
constexpr Refusal underscore{ErrorCode::BadRequest, "an underscore in a field name"};
constexpr Refusal bad_name{ErrorCode::BadFraming, "a byte that no field name may contain"};
constexpr Refusal control_in_value{ErrorCode::BadFraming, "a control byte in a field value"};
constexpr Refusal long_name{ErrorCode::HeadersTooLarge, "a field name over 255 bytes"};
constexpr Refusal unfinished_line{ErrorCode::BadFraming, "the head ends inside a field line"};

/// No field needs more, and lengths beyond a byte have split parsers before (CVE-2021-40346).
constexpr std::ptrdiff_t name_bytes = 255;

/// Why the name that begins at `begin` could not end at `at`.
Verdict name_flaw(const char* begin, const char* at, const char* end) {
    if (at == end) return &unfinished_line;
    if (at == begin && (*at == ' ' || *at == '\t')) return &folded;
    switch (*at) {
        case ':':
            return &empty_name;
        case ' ':
        case '\t':
            return &space_in_name;
        case '_':
            return &underscore;
        case '\n':
            return &bare_lf;
        case '\r':
            return end - at > 1 && at[1] != '\n' ? &bare_cr : &no_colon;
        default:
            return &bad_name;
    }
}

/// Why the value could not end at `at`.
Verdict value_flaw(const char* at, const char* end) {
    if (at == end) return &unfinished_line;
    if (*at == '\n') return &bare_lf;
    if (*at != '\r') return &control_in_value;
    return end - at > 1 ? &bare_cr : &unfinished_line;
}

constexpr bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

/// Lower case, sorted.
constexpr std::array forbidden_trailers{
    std::string_view{"age"},
    std::string_view{"authorization"},
    std::string_view{"cache-control"},
    std::string_view{"connection"},
    std::string_view{"content-encoding"},
    std::string_view{"content-length"},
    std::string_view{"content-location"},
    std::string_view{"content-range"},
    std::string_view{"content-type"},
    std::string_view{"cookie"},
    std::string_view{"date"},
    std::string_view{"expect"},
    std::string_view{"expires"},
    std::string_view{"forwarded"},
    std::string_view{"host"},
    std::string_view{"if-match"},
    std::string_view{"if-modified-since"},
    std::string_view{"if-none-match"},
    std::string_view{"if-range"},
    std::string_view{"if-unmodified-since"},
    std::string_view{"keep-alive"},
    std::string_view{"location"},
    std::string_view{"max-forwards"},
    std::string_view{"pragma"},
    std::string_view{"proxy-authenticate"},
    std::string_view{"proxy-authorization"},
    std::string_view{"proxy-connection"},
    std::string_view{"range"},
    std::string_view{"retry-after"},
    std::string_view{"set-cookie"},
    std::string_view{"te"},
    std::string_view{"trailer"},
    std::string_view{"transfer-encoding"},
    std::string_view{"upgrade"},
    std::string_view{"vary"},
    std::string_view{"via"},
    std::string_view{"warning"},
    std::string_view{"www-authenticate"},
    std::string_view{"x-forwarded-for"},
    std::string_view{"x-forwarded-host"},
    std::string_view{"x-forwarded-proto"},
    std::string_view{"x-real-ip"},
};
static_assert(std::is_sorted(forbidden_trailers.begin(), forbidden_trailers.end()));

}  // namespace

Verdict take_field_line(const char*& at, const char* end, ByteClass name_class, Field& out) {
    const char* const name = at;
    const char* const colon = skip(name_class, skip_letters(name, end), end);
    if (colon == end || *colon != ':' || colon == name) return name_flaw(name, colon, end);
    if (colon - name > name_bytes) return &long_name;

    const char* value = colon + 1;
    while (value != end && is_blank(*value)) ++value;
    const char* stop = find_control(value, end);
    while (stop != end && *stop == '\t') stop = find_control(stop + 1, end);
    if (end - stop < 2 || stop[0] != '\r' || stop[1] != '\n') return value_flaw(stop, end);

    at = stop + 2;
    const char* const line_end = stop;
    while (stop != value && is_blank(stop[-1])) --stop;
    out.name = {name, static_cast<std::size_t>(colon - name)};
    out.value = {value, static_cast<std::size_t>(stop - value)};
    out.id = field_id(out.name);
    out.is_plain_line = value == colon + 2 && colon[1] == ' ' && stop == line_end;
    return nullptr;
}

std::string_view line_at(const char* at, const char* end) {
    const std::string_view rest(at, static_cast<std::size_t>(end - at));
    return rest.substr(0, rest.find("\r\n"));
}

std::string_view name_at(const char* at, const char* end) {
    const std::string_view line = line_at(at, end);
    return line.substr(0, line.find(':'));
}

bool is_allowed_in_trailers(std::string_view name) {
    return std::none_of(
        forbidden_trailers.begin(), forbidden_trailers.end(),
        [name](std::string_view forbidden) { return equal_ignoring_case(name, forbidden); });
}

}  // namespace sluice::http
