#include "grpc/health.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>
#include <tuple>

namespace {

using namespace sluice;
using namespace sluice::grpc;
using namespace std::string_literals;

/// The message with gRPC's prefix.
std::string prefixed(const std::string& message) {
    return "\0\0\0"s + static_cast<char>(message.size() >> 8) + static_cast<char>(message.size() & 0xFF) + message;
}

/// The name of the status, or what is wrong.
std::string outcome(const std::string& body) {
    const auto status = parse_health_response(body);
    if (status) return std::string(name_of(*status));
    CHECK(status.error().code == ErrorCode::BadResponse);
    CHECK(status.error().side == Side::Upstream);
    return status.error().context();
}

}  // namespace

TEST_CASE("a health request asks for the whole server or for a service", "[grpc]") {
    CHECK(health_request("") == "\0\0\0\0\0"s);
    CHECK(health_request("a.B") == "\0\0\0\0\x05\x0A\x03"s + "a.B");
    const std::string name(300, 's');
    CHECK(health_request(name) == "\0\0\0\x01\x2F\x0A\xAC\x02"s + name);
}

TEST_CASE("a health response tells how the service is", "[grpc]") {
    const auto [message, name] = GENERATE(table<std::string, std::string>({
        {""s, "UNKNOWN"},
        {"\x08\0"s, "UNKNOWN"},
        {"\x08\x01"s, "SERVING"},
        {"\x08\x02"s, "NOT_SERVING"},
        {"\x08\x03"s, "SERVICE_UNKNOWN"},
        {"\x08\x04"s, "UNKNOWN"},
        // Minus one, as protobuf writes an enum's negative number.
        {"\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"s, "UNKNOWN"},
        // More bytes than needed.
        {"\x88\0\x81\0"s, "SERVING"},
        // The last one counts.
        {"\x08\x01\x08\x02"s, "NOT_SERVING"},
    }));
    CHECK(outcome(prefixed(message)) == name);
}

TEST_CASE("fields of a health response that are not known are passed over", "[grpc]") {
    CHECK(outcome(prefixed("\x12\x03"s + "abc" + "\x08\x01"s)) == "SERVING");
    CHECK(outcome(prefixed("\x10\x96\x01\x08\x01"s)) == "SERVING");
    CHECK(outcome(prefixed("\x15\x08\x02\x08\x02\x08\x01"s)) == "SERVING");
    CHECK(outcome(prefixed("\x19\x08\x02\x08\x02\x08\x02\x08\x02\x08\x01"s)) == "SERVING");
    CHECK(outcome(prefixed("\xF8\xFF\xFF\xFF\x0F\x02\x08\x01"s)) == "SERVING");
    // The field's number in another type is another field.
    CHECK(outcome(prefixed("\x08\x01\x0A\x02\x08\x02"s)) == "SERVING");
}

TEST_CASE("a malformed health response is refused with what is wrong", "[grpc]") {
    const auto [body, words] = GENERATE(table<std::string, std::string>({
        {""s, "has no message"},
        {"\0\0\0\0"s, "ends inside the prefix of its message"},
        {"\x01\0\0\0\x02\x08\x01"s, "is compressed, which was not offered"},
        {"\x80\0\0\0\x02\x08\x01"s, "has a message with an unknown flag"},
        {"\0\0\0\0\x03\x08\x01"s, "ends inside its message"},
        {"\0\xFF\xFF\xFF\xFF\x08\x01"s, "ends inside its message"},
        {"\0\0\0\0\x02\x08\x01\0"s, "goes on behind its message"},
        {prefixed("\x80"s), "has a malformed tag"},
        {prefixed("\0"s), "has a malformed tag"},
        {prefixed("\x03"s), "has a malformed tag"},
        {prefixed("\x88\x80\x80\x80\x10\x01"s), "has a malformed tag"},
        {prefixed("\x08"s), "has a malformed number"},
        {prefixed("\x08\xFF"s), "has a malformed number"},
        {prefixed("\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02"s), "has a malformed number"},
        {prefixed("\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"s), "has a malformed number"},
        {prefixed("\x12"s), "has a malformed length"},
        {prefixed("\x12\x03"s + "ab"), "ends inside a field"},
        {prefixed("\x12\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"s), "ends inside a field"},
        {prefixed("\x15\0\0\0"s), "ends inside a field"},
        {prefixed("\x19\0\0\0\0\0\0\0"s), "ends inside a field"},
        {prefixed("\x13\x14"s), "has a group"},
        {prefixed("\x14"s), "has a group"},
        {prefixed("\x0E"s), "has a field of a type that protobuf does not have"},
        {prefixed("\x0F"s), "has a field of a type that protobuf does not have"},
    }));
    CHECK_THAT(outcome(body), Catch::StartsWith("the health check's response " + words));
}
