#include "http/message.hpp"

#include <cstdint>
#include <cstring>
#include <utility>

#include "base/text.hpp"

namespace sluice::http {
namespace {

constexpr std::uint64_t lower_bits = 0x2020202020202020ULL;

std::uint64_t word_at(const char* at) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    return word;
}

FieldId when(std::string_view name, std::string_view known, FieldId id) { return is_name(name, known) ? id : FieldId::Other; }

/// Of two that begin with different letters.
FieldId either(std::string_view name, std::string_view one, FieldId one_id, std::string_view two,
               FieldId two_id) {
    return lower(name.front()) == one.front() ? when(name, one, one_id) : when(name, two, two_id);
}

}  // namespace

/// Letters and '-' all have the bit that makes ASCII letters lower, and what else becomes one of them by it is a control byte. The last
/// eight bytes may be compared twice.
bool is_name(std::string_view name, std::string_view known) {
    std::size_t at = 0;
    for (; at + 8 <= known.size(); at += 8) {
        if ((word_at(name.data() + at) | lower_bits) != word_at(known.data() + at)) return false;
    }
    if (at == known.size()) return true;
    if (known.size() < 8) return equal_ignoring_case(name, known);
    const std::size_t last = known.size() - 8;
    return (word_at(name.data() + last) | lower_bits) == word_at(known.data() + last);
}

FieldId field_id(std::string_view name) {
    switch (name.size()) {
        case 2:
            return when(name, "te", FieldId::Te);
        case 3:
            return when(name, "via", FieldId::Via);
        case 4:
            return either(name, "host", FieldId::Host, "date", FieldId::Date);
        case 6:
            return either(name, "expect", FieldId::Expect, "server", FieldId::Server);
        case 7:
            return either(name, "upgrade", FieldId::Upgrade, "trailer", FieldId::Trailer);
        case 9:
            return when(name, "forwarded", FieldId::Forwarded);
        case 10:
            return either(name, "connection", FieldId::Connection, "keep-alive",
                          FieldId::KeepAlive);
        case 14:
            return when(name, "content-length", FieldId::ContentLength);
        case 15:
            return when(name, "x-forwarded-for", FieldId::XForwardedFor);
        case 16:
            return either(name, "x-forwarded-host", FieldId::XForwardedHost, "proxy-connection",
                          FieldId::ProxyConnection);
        case 17:
            return either(name, "transfer-encoding", FieldId::TransferEncoding, "x-forwarded-proto",
                          FieldId::XForwardedProto);
        case 18:
            return when(name, "proxy-authenticate", FieldId::ProxyAuthenticate);
        case 19:
            return when(name, "proxy-authorization", FieldId::ProxyAuthorization);
        default:
            return FieldId::Other;
    }
}

const Field* find_field(const Fields& fields, FieldId id) {
    for (const Field& field : fields) {
        if (field.id == id) return &field;
    }
    return nullptr;
}

const Field* find_field(const Fields& fields, std::string_view name) {
    for (const Field& field : fields) {
        if (equal_ignoring_case(field.name, name)) return &field;
    }
    return nullptr;
}

Method method_of(std::string_view name) {
    switch (name.size()) {
        case 3:
            if (name == "GET") return Method::Get;
            return name == "PUT" ? Method::Put : Method::Other;
        case 4:
            if (name == "POST") return Method::Post;
            return name == "HEAD" ? Method::Head : Method::Other;
        case 5:
            if (name == "PATCH") return Method::Patch;
            return name == "TRACE" ? Method::Trace : Method::Other;
        case 6:
            return name == "DELETE" ? Method::Delete : Method::Other;
        case 7:
            if (name == "OPTIONS") return Method::Options;
            return name == "CONNECT" ? Method::Connect : Method::Other;
        default:
            return Method::Other;
    }
}

bool is_idempotent(Method method) {
    switch (method) {
        case Method::Get:
        case Method::Head:
        case Method::Put:
        case Method::Delete:
        case Method::Options:
        case Method::Trace:
            return true;
        case Method::Post:
        case Method::Connect:
        case Method::Patch:
        case Method::Other:
            break;
    }
    return false;
}

void RequestHead::clear() {
    Fields kept = std::move(fields);
    kept.clear();
    *this = RequestHead{};
    fields = std::move(kept);
}

void ResponseHead::clear() {
    Fields kept = std::move(fields);
    kept.clear();
    *this = ResponseHead{};
    fields = std::move(kept);
}

}  // namespace sluice::http
