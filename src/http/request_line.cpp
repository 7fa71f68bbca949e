#include <string_view>

#include "base/text.hpp"
#include "http/authority.hpp"
#include "http/characters.hpp"
#include "http/start_line.hpp"

namespace sluice::http {
namespace {

constexpr Refusal too_long{ErrorCode::TargetTooLong, "the request line is over its limit"};
constexpr Refusal bad_method{ErrorCode::BadRequest,
                             "the request line does not begin with a method"};
constexpr Refusal extra_space{ErrorCode::BadRequest,
                              "the parts of the request line are not divided by one space each"};
constexpr Refusal fragment{ErrorCode::BadRequest, "a fragment in the request target"};
constexpr Refusal bad_target{ErrorCode::BadRequest, "a byte that no request target may contain"};
constexpr Refusal no_version{ErrorCode::BadRequest, "the request line has no HTTP version"};
constexpr Refusal bad_end{ErrorCode::BadFraming, "the request line does not end in CRLF"};
constexpr Refusal bad_asterisk{ErrorCode::BadRequest, "the target * is for OPTIONS alone"};
constexpr Refusal bad_connect{ErrorCode::BadRequest, "CONNECT needs a target of host:port"};
constexpr Refusal bad_form{ErrorCode::BadRequest,
                           "the target is neither a path nor an http or https URI"};
constexpr Refusal bad_authority{ErrorCode::BadHost, "the target's host or port is malformed"};

constexpr std::size_t version_length = 8;

std::string_view between(const char* begin, const char* end) {
    return {begin, static_cast<std::size_t>(end - begin)};
}

/// Why the target could not end at `at`.
Verdict target_flaw(const char* begin, const char* at, const char* end) {
    if (at == end || *at == '\r' || *at == '\n') return &no_version;
    if (*at == ' ' && at == begin) return &extra_space;
    return *at == '#' ? &fragment : &bad_target;
}

/// Splits path and query at the first '?'.
void set_path(std::string_view text, RequestHead& out) {
    const std::size_t mark = text.find('?');
    out.path = text.substr(0, mark);
    out.has_query = mark != std::string_view::npos;
    if (out.has_query) out.query = text.substr(mark + 1);
}

std::string_view scheme_of(std::string_view target) {
    for (const std::string_view scheme : {std::string_view{"http"}, std::string_view{"https"}}) {
        if (target.size() > scheme.size() && target.substr(scheme.size()).starts_with("://") &&
            equal_ignoring_case(target.substr(0, scheme.size()), scheme)) {
            return scheme;
        }
    }
    return {};
}

/// http://host:port/path?query (RFC 9112, 3.2.2).
Verdict set_absolute_target(RequestHead& out) {
    out.scheme = scheme_of(out.target);
    if (out.scheme.empty()) return &bad_form;
    const std::string_view rest = out.target.substr(out.scheme.size() + 3);
    const std::size_t stop = rest.find_first_of("/?");
    out.authority = rest.substr(0, stop);
    if (!parse_authority(out.authority)) return &bad_authority;
    out.target_form = TargetForm::Absolute;
    set_path(stop == std::string_view::npos ? std::string_view{} : rest.substr(stop), out);
    if (!out.path.empty()) return nullptr;
    if (out.method == Method::Options && !out.has_query) {
        // RFC 9112, 3.2.4: this is how OPTIONS * looks to a proxy.
        out.target_form = TargetForm::Asterisk;
        out.path = "*";
    } else {
        out.path = "/";
    }
    return nullptr;
}

Verdict set_connect_target(RequestHead& out) {
    const auto authority = parse_authority(out.target);
    if (!authority || authority->port.empty()) return &bad_connect;
    out.target_form = TargetForm::Authority;
    out.authority = out.target;
    return nullptr;
}

/// Forms of a target other than a path.
Verdict set_other_target(RequestHead& out) {
    if (out.method == Method::Connect) return set_connect_target(out);
    if (out.target != "*") return set_absolute_target(out);
    if (out.method != Method::Options) return &bad_asterisk;
    out.target_form = TargetForm::Asterisk;
    out.path = out.target;
    return nullptr;
}

/// Takes "HTTP/1.1" CRLF.
Verdict take_version(const char*& at, const char* end, std::uint8_t& minor_version) {
    const char* const begin = at;
    const char* stop = begin;
    if (end - at >= 10 && at[version_length] == '\r') {
        stop = at + version_length;
    } else {
        while (stop != end && !is_control(*stop)) ++stop;
    }
    const std::string_view text = between(begin, stop);
    if (text.contains(' ')) return &extra_space;
    if (const Verdict flaw = parse_version(text, minor_version)) return flaw;
    if (end - stop < 2 || stop[0] != '\r' || stop[1] != '\n') return &bad_end;
    at = stop + 2;
    return nullptr;
}

}  // namespace

Verdict take_request_line(const char*& at, const char* end, const HeadLimits& limits,
                          RequestHead& out) {
    const char* const method = at;
    const char* const method_end = skip(ByteClass::Token, method, end);
    if (method_end == method || method_end == end || *method_end != ' ') return &bad_method;
    out.method_name = between(method, method_end);
    out.method = method_of(out.method_name);

    const char* const target = method_end + 1;
    const char* const path_end = skip(ByteClass::TargetPath, target, end);
    const char* const target_end = skip(ByteClass::Target, path_end, end);
    if (target_end == target || target_end == end || *target_end != ' ') {
        return target_flaw(target, target_end, end);
    }
    out.target = between(target, target_end);

    const char* next = target_end + 1;
    if (const Verdict flaw = take_version(next, end, out.minor_version)) return flaw;
    if (next - 2 - method > static_cast<std::ptrdiff_t>(limits.start_line_bytes)) return &too_long;
    at = next;

    if (*target != '/' || out.method == Method::Connect) return set_other_target(out);
    out.target_form = TargetForm::Origin;
    out.path = between(target, path_end);
    out.has_query = path_end != target_end;
    if (out.has_query) out.query = between(path_end + 1, target_end);
    return nullptr;
}

}  // namespace sluice::http
