#include "http/head_parser.hpp"

#include "base/text.hpp"
#include "http/authority.hpp"
#include "http/field_parser.hpp"
#include "http/framing.hpp"
#include "http/start_line.hpp"

namespace sluice::http {
namespace {

constexpr Refusal unfinished{ErrorCode::BadFraming, "the head has no closing empty line"};
constexpr Refusal bytes_after_head{ErrorCode::BadFraming, "bytes after the closing empty line"};
constexpr Refusal no_host{ErrorCode::BadHost, "an HTTP/1.1 request without Host"};
constexpr Refusal repeated_host{ErrorCode::BadHost, "more than one Host"};
constexpr Refusal bad_host{ErrorCode::BadHost, "Host is not a host with an optional port"};
constexpr Refusal bad_expectation{ErrorCode::ExpectationFailed,
                                  "an expectation other than 100-continue"};
constexpr Refusal connect_body{ErrorCode::BadFraming, "a CONNECT request with a body"};

/// A verdict with the piece of the message that it is about.
struct Finding {
    Verdict verdict = nullptr;
    std::string_view detail;
};

bool is_line_end(const char* at, const char* end) {
    return end - at >= 2 && at[0] == '\r' && at[1] == '\n';
}

/// Takes all field lines and the closing empty line, which must be the last bytes.
Finding take_fields(const char* at, const char* end, const HeadLimits& limits, ByteClass name_class,
                    Fields& fields, FieldFacts& facts) {
    const char* const begin = at;
    while (!is_line_end(at, end)) {
        if (at == end) return {&unfinished, {}};
        if (fields.size() == limits.fields) return {&too_many_fields, {}};
        const char* const line = at;
        Field& field = fields.emplace_back();
        if (const Verdict flaw = take_field_line(at, end, name_class, field)) {
            fields.pop_back();
            return {flaw, name_at(line, end)};
        }
        if (const Verdict flaw = note_field(field, facts)) {
            const std::string_view value = field.value;
            fields.pop_back();
            return {flaw, value};
        }
    }
    if (at - begin > static_cast<std::ptrdiff_t>(limits.field_bytes)) return {&fields_too_long, {}};
    if (end - at != 2) return {&bytes_after_head, {}};
    return {};
}

/// Host must be there and well formed even when the target's authority takes its place (RFC
/// 9112, 3.2).
Finding check_host(const FieldFacts& facts, RequestHead& out) {
    if (facts.hosts > 1) return {&repeated_host, {}};
    if (facts.hosts == 0) {
        if (out.minor_version == 0) return {};
        return {&no_host, {}};
    }
    if (!parse_authority(facts.host)) return {&bad_host, facts.host};
    if (out.authority.empty()) out.authority = facts.host;
    return {};
}

Finding check_body(const FieldFacts& facts, RequestHead& out) {
    if (const Verdict flaw = body_framing(facts, out.minor_version, out.framing)) {
        const bool by_coding = facts.transfer_encodings != 0;
        return {flaw, by_coding ? facts.transfer_encoding : facts.content_length};
    }
    const bool has_body = out.framing.kind != BodyKind::None;
    if (has_body && out.method == Method::Connect) return {&connect_body, {}};
    if (facts.expectations == 0 || out.minor_version == 0) return {};
    if (facts.expectations > 1 || !equal_ignoring_case(facts.expectation, "100-continue")) {
        return {&bad_expectation, facts.expectation};
    }
    out.expects_continue = has_body;
    return {};
}

Finding read_request(std::string_view head, const HeadLimits& limits, RequestHead& out) {
    const char* at = head.data();
    const char* const end = at + head.size();
    if (is_line_end(at, end)) at += 2;
    const char* const line = at;
    if (const Verdict flaw = take_request_line(at, end, limits, out)) {
        return {flaw, line_at(line, end)};
    }
    FieldFacts facts;
    if (const Finding found = take_fields(at, end, limits, ByteClass::PlainName, out.fields, facts);
        found.verdict != nullptr) {
        return found;
    }
    if (const Finding found = check_host(facts, out); found.verdict != nullptr) return found;
    if (const Finding found = check_body(facts, out); found.verdict != nullptr) return found;
    out.keep_alive = wants_keep_alive(facts, out.minor_version);
    out.wants_upgrade = facts.has_upgrade && facts.upgrade && out.minor_version == 1;
    return {};
}

/// RFC 9112, 6.3, rules 1 and 2: these end with the head, whatever their fields say.
bool has_no_body(const ResponseHead& head, Method method) {
    return method == Method::Head || head.status < 200 || head.status == 204 || head.status == 304;
}

Finding read_response(std::string_view head, const HeadLimits& limits, Method method,
                      ResponseHead& out) {
    const char* at = head.data();
    const char* const end = at + head.size();
    const char* const line = at;
    if (const Verdict flaw = take_status_line(at, end, limits, out)) {
        return {flaw, line_at(line, end)};
    }
    FieldFacts facts;
    if (const Finding found = take_fields(at, end, limits, ByteClass::Token, out.fields, facts);
        found.verdict != nullptr) {
        return found;
    }
    if (const Verdict flaw = body_framing(facts, out.minor_version, out.framing)) {
        const bool by_coding = facts.transfer_encodings != 0;
        return {flaw, by_coding ? facts.transfer_encoding : facts.content_length};
    }
    if (has_no_body(out, method)) {
        out.framing = {};
    } else if (out.framing.kind == BodyKind::None) {
        out.framing.kind = BodyKind::UntilClose;
    }
    out.keep_alive =
        wants_keep_alive(facts, out.minor_version) && out.framing.kind != BodyKind::UntilClose;
    return {};
}

}  // namespace

Result<void> parse_request_head(std::string_view head, const HeadLimits& limits, RequestHead& out) {
    out.clear();
    const Finding found = read_request(head, limits, out);
    if (found.verdict != nullptr) return fail(refuse(Side::Client, *found.verdict, found.detail));
    return {};
}

Result<void> parse_response_head(std::string_view head, const HeadLimits& limits, Method method,
                                 ResponseHead& out) {
    out.clear();
    const Finding found = read_response(head, limits, method, out);
    if (found.verdict != nullptr) return fail(refuse(Side::Upstream, *found.verdict, found.detail));
    return {};
}

}  // namespace sluice::http
