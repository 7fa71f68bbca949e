#include "grpc/health.hpp"

#include <array>
#include <cstddef>
#include <optional>

namespace sluice::grpc {
namespace {

/// Flag and length before each message ("PROTOCOL-HTTP2" of gRPC, Length-Prefixed-Message).
constexpr std::size_t prefix_bytes = 5;

/// How a field of protobuf is coded: the lowest three bits of its tag ("Encoding", Message Structure).
enum class WireType : std::uint8_t { Varint = 0, Fixed64 = 1, Bytes = 2, GroupBegin = 3, GroupEnd = 4, Fixed32 = 5 };

/// The field of the request's service and of the response's status.
constexpr std::uint32_t only_field = 1;

constexpr std::array<std::string_view, 4> status_names = {"UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"};

Failure malformed(std::string_view flaw) {
    return fail(upstream_error(ErrorCode::BadResponse, std::string("the health check's response ").append(flaw)));
}

void append_varint(std::string& out, std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>((value & 0x7F) | 0x80));
    out.push_back(static_cast<char>(value));
}

/// Takes a varint of at most 64 bits off the front.
std::optional<std::uint64_t> take_varint(std::string_view& bytes) {
    std::uint64_t value = 0;
    for (std::size_t at = 0; at < bytes.size() && at < 10; ++at) {
        const auto byte = static_cast<unsigned char>(bytes[at]);
        if (at == 9 && byte > 1) return std::nullopt;
        value |= static_cast<std::uint64_t>(byte & 0x7F) << (7 * at);
        if (byte < 0x80) {
            bytes.remove_prefix(at + 1);
            return value;
        }
    }
    return std::nullopt;
}

/// How long a field's value is that has its length in its type or before it; nullopt when that is malformed.
std::optional<std::uint64_t> take_length(WireType type, std::string_view& bytes) {
    if (type == WireType::Fixed32) return 4;
    if (type == WireType::Fixed64) return 8;
    return take_varint(bytes);
}

Result<ServingStatus> parse_message(std::string_view bytes) {
    std::uint32_t status = 0;
    while (!bytes.empty()) {
        const std::optional<std::uint64_t> tag = take_varint(bytes);
        if (!tag || *tag >> 32 != 0 || *tag >> 3 == 0) return malformed("has a malformed tag");
        const auto type = static_cast<WireType>(*tag & 7);
        if (type > WireType::Fixed32) return malformed("has a field of a type that protobuf does not have");
        if (type == WireType::GroupBegin || type == WireType::GroupEnd) {
            return malformed("has a group, which proto3 does not have");
        }
        if (type == WireType::Varint) {
            const std::optional<std::uint64_t> value = take_varint(bytes);
            if (!value) return malformed("has a malformed number");
            // The last one counts, in 32 bits, as in every reader of protobuf.
            if (*tag >> 3 == only_field) status = static_cast<std::uint32_t>(*value);
            continue;
        }
        const std::optional<std::uint64_t> length = take_length(type, bytes);
        if (!length) return malformed("has a malformed length");
        if (*length > bytes.size()) return malformed("ends inside a field");
        bytes.remove_prefix(static_cast<std::size_t>(*length));
    }
    return status < status_names.size() ? static_cast<ServingStatus>(status) : ServingStatus::Unknown;
}

}  // namespace

std::string_view name_of(ServingStatus status) { return status_names[static_cast<std::size_t>(status)]; }

std::string health_request(std::string_view service) {
    std::string body(prefix_bytes, '\0');
    // The default value of a field is left out.
    if (!service.empty()) {
        append_varint(body, only_field << 3 | static_cast<std::uint32_t>(WireType::Bytes));
        append_varint(body, service.size());
        body.append(service);
    }
    const std::size_t length = body.size() - prefix_bytes;
    for (std::size_t i = 0; i < 4; ++i) body[1 + i] = static_cast<char>(length >> (24 - 8 * i) & 0xFF);
    return body;
}

Result<ServingStatus> parse_health_response(std::string_view body) {
    if (body.empty()) return malformed("has no message");
    if (body.size() < prefix_bytes) return malformed("ends inside the prefix of its message");
    if (body[0] == 1) return malformed("is compressed, which was not offered");
    if (body[0] != 0) return malformed("has a message with an unknown flag");
    std::uint64_t length = 0;
    for (std::size_t i = 1; i < prefix_bytes; ++i) length = length << 8 | static_cast<unsigned char>(body[i]);
    body.remove_prefix(prefix_bytes);
    if (length > body.size()) return malformed("ends inside its message");
    if (length < body.size()) return malformed("goes on behind its message");
    return parse_message(body);
}

}  // namespace sluice::grpc
