#include "http/framing.hpp"

#include <limits>
#include <optional>

#include "base/text.hpp"
#include "http/characters.hpp"

namespace sluice::http {
namespace {

constexpr Refusal bad_connection{ErrorCode::BadFraming, "Connection is not a list of tokens"};
constexpr Refusal connection_names_framing{
    ErrorCode::BadFraming, "Connection names Content-Length, Transfer-Encoding or Host"};
constexpr Refusal both_lengths{ErrorCode::BadFraming,
                               "Content-Length and Transfer-Encoding in one message"};
constexpr Refusal repeated_length{ErrorCode::BadFraming, "more than one Content-Length"};
constexpr Refusal bad_length{ErrorCode::BadFraming,
                             "Content-Length is not one decimal number below 2^63"};
constexpr Refusal repeated_coding{ErrorCode::BadFraming, "more than one Transfer-Encoding"};
constexpr Refusal coding_on_1_0{ErrorCode::BadFraming, "Transfer-Encoding in an HTTP/1.0 message"};
constexpr Refusal bad_coding{ErrorCode::BadFraming, "Transfer-Encoding is not \"chunked\""};
constexpr Refusal other_coding{ErrorCode::NotImplemented,
                               "Transfer-Encoding has codings other than chunked"};

bool names_framing(std::string_view option) {
    switch (field_id(option)) {
        case FieldId::ContentLength:
        case FieldId::TransferEncoding:
        case FieldId::Host:
            return true;
        default:
            return false;
    }
}

Verdict note_connection(std::string_view list, FieldFacts& facts) {
    while (const auto option = next_list_element(list)) {
        if (!is_token(*option)) return &bad_connection;
        if (names_framing(*option)) return &connection_names_framing;
        if (equal_ignoring_case(*option, "close")) facts.close = true;
        if (equal_ignoring_case(*option, "keep-alive")) facts.keep_alive = true;
        if (equal_ignoring_case(*option, "upgrade")) facts.upgrade = true;
    }
    return nullptr;
}

/// At most 2^63-1, so that nobody's sums and signed types overflow.
std::optional<std::uint64_t> parse_length(std::string_view digits) {
    constexpr std::size_t longest = 20;
    if (digits.size() > longest) return std::nullopt;
    const auto value = parse_decimal(digits);
    if (!value || *value > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
        return std::nullopt;
    }
    return value;
}

/// Tells a coding that we do not speak, which is the sender's right, from a list that is wrong in
/// itself.
Verdict coding_flaw(std::string_view value) {
    bool others = false;
    while (true) {
        const std::size_t comma = value.find(',');
        const std::string_view coding = trim(value.substr(0, comma));
        const bool is_last = comma == std::string_view::npos;
        const bool is_chunked = equal_ignoring_case(coding, "chunked");
        if (!is_token(coding) || is_chunked != is_last) return &bad_coding;
        if (equal_ignoring_case(coding, "identity")) return &bad_coding;
        if (is_last) return others ? &other_coding : nullptr;
        others = true;
        value.remove_prefix(comma + 1);
    }
}

}  // namespace

Verdict note_field(const Field& field, FieldFacts& facts) {
    switch (field.id) {
        case FieldId::Host:
            facts.host = field.value;
            ++facts.hosts;
            return nullptr;
        case FieldId::ContentLength:
            facts.content_length = field.value;
            ++facts.content_lengths;
            return nullptr;
        case FieldId::TransferEncoding:
            facts.transfer_encoding = field.value;
            ++facts.transfer_encodings;
            return nullptr;
        case FieldId::Expect:
            facts.expectation = field.value;
            ++facts.expectations;
            return nullptr;
        case FieldId::Upgrade:
            facts.has_upgrade = facts.has_upgrade || !field.value.empty();
            return nullptr;
        case FieldId::Connection:
            return note_connection(field.value, facts);
        default:
            return nullptr;
    }
}

Verdict body_framing(const FieldFacts& facts, std::uint8_t minor_version, Framing& out) {
    out = {};
    if (facts.transfer_encodings != 0) {
        if (facts.content_lengths != 0) return &both_lengths;
        if (facts.transfer_encodings > 1) return &repeated_coding;
        if (minor_version == 0) return &coding_on_1_0;
        if (const Verdict flaw = coding_flaw(facts.transfer_encoding)) return flaw;
        out.kind = BodyKind::Chunked;
        return nullptr;
    }
    if (facts.content_lengths == 0) return nullptr;
    if (facts.content_lengths > 1) return &repeated_length;
    const auto length = parse_length(facts.content_length);
    if (!length) return &bad_length;
    out = {BodyKind::Length, *length};
    return nullptr;
}

bool wants_keep_alive(const FieldFacts& facts, std::uint8_t minor_version) {
    if (facts.close) return false;
    return minor_version == 1 || facts.keep_alive;
}

}  // namespace sluice::http
