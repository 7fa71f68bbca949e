#include "http/message.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>
#include <tuple>

#include "http/characters.hpp"

namespace {

using namespace sluice::http;

const char* find_control_slowly(const char* at, const char* end) {
    while (at != end && !is_control(*at)) ++at;
    return at;
}

}  // namespace

TEST_CASE("field_id knows its names in any case", "[http]") {
    const auto [name, id] = GENERATE(table<std::string, FieldId>({
        {"connection", FieldId::Connection},
        {"content-length", FieldId::ContentLength},
        {"date", FieldId::Date},
        {"expect", FieldId::Expect},
        {"forwarded", FieldId::Forwarded},
        {"host", FieldId::Host},
        {"keep-alive", FieldId::KeepAlive},
        {"proxy-authenticate", FieldId::ProxyAuthenticate},
        {"proxy-authorization", FieldId::ProxyAuthorization},
        {"proxy-connection", FieldId::ProxyConnection},
        {"server", FieldId::Server},
        {"te", FieldId::Te},
        {"trailer", FieldId::Trailer},
        {"transfer-encoding", FieldId::TransferEncoding},
        {"upgrade", FieldId::Upgrade},
        {"via", FieldId::Via},
        {"x-forwarded-for", FieldId::XForwardedFor},
        {"x-forwarded-host", FieldId::XForwardedHost},
        {"x-forwarded-proto", FieldId::XForwardedProto},
    }));
    CHECK(field_id(name) == id);
    std::string shouted = name;
    for (char& c : shouted) {
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    CHECK(field_id(shouted) == id);
    CHECK(field_id(name + "x") == FieldId::Other);
    CHECK(field_id("x" + name.substr(1)) == (name[0] == 'x' ? id : FieldId::Other));
}

TEST_CASE("field_id answers Other to names that it does not act on", "[http]") {
    CHECK(field_id("") == FieldId::Other);
    CHECK(field_id("accept") == FieldId::Other);
    CHECK(field_id("content_length") == FieldId::Other);
    CHECK(field_id(std::string(300, 'a')) == FieldId::Other);
}

TEST_CASE("find_field yields the first field of an id or of a name in any case", "[http]") {
    const Fields fields{{"Host", "a", FieldId::Host},
                        {"X-One", "1", FieldId::Other},
                        {"x-one", "2", FieldId::Other}};
    REQUIRE(find_field(fields, FieldId::Host) != nullptr);
    CHECK(find_field(fields, FieldId::Host)->value == "a");
    REQUIRE(find_field(fields, "X-ONE") != nullptr);
    CHECK(find_field(fields, "X-ONE")->value == "1");
    CHECK(find_field(fields, FieldId::Via) == nullptr);
    CHECK(find_field(fields, "x-on") == nullptr);
}

TEST_CASE("method_of has a case, and is_idempotent follows RFC 9110", "[http]") {
    const auto [name, method, idempotent] = GENERATE(table<std::string, Method, bool>({
        {"GET", Method::Get, true},
        {"HEAD", Method::Head, true},
        {"POST", Method::Post, false},
        {"PUT", Method::Put, true},
        {"DELETE", Method::Delete, true},
        {"CONNECT", Method::Connect, false},
        {"OPTIONS", Method::Options, true},
        {"TRACE", Method::Trace, true},
        {"PATCH", Method::Patch, false},
        {"get", Method::Other, false},
        {"", Method::Other, false},
        {"GETS", Method::Other, false},
        {"PROPFIND", Method::Other, false},
    }));
    CHECK(method_of(name) == method);
    CHECK(is_idempotent(method) == idempotent);
}

TEST_CASE("A cleared head is as new and keeps the memory of its field list", "[http]") {
    RequestHead head;
    head.fields.assign(50, {"a", "b", FieldId::Other});
    head.method = Method::Put;
    head.target = "/x";
    head.minor_version = 0;
    head.framing = {BodyKind::Length, 5};
    head.wants_upgrade = true;
    const auto capacity = head.fields.capacity();
    head.clear();
    CHECK(head.fields.empty());
    CHECK(head.fields.capacity() == capacity);
    CHECK(head.method == Method::Other);
    CHECK(head.target.empty());
    CHECK(head.minor_version == 1);
    CHECK(head.framing.kind == BodyKind::None);
    CHECK_FALSE(head.wants_upgrade);

    ResponseHead response;
    response.fields.assign(50, {"a", "b", FieldId::Other});
    response.status = 404;
    const auto response_capacity = response.fields.capacity();
    response.clear();
    CHECK(response.fields.empty());
    CHECK(response.fields.capacity() == response_capacity);
    CHECK(response.status == 0);
}

TEST_CASE("Every byte has the classes of the grammar", "[http]") {
    const std::string_view marks = "!#$%&'*+-.^_`|~";
    for (int i = 0; i < 256; ++i) {
        const char c = static_cast<char>(i);
        const bool alphanumeric =
            (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        const bool token = alphanumeric || (i > 0 && marks.contains(c));
        INFO("byte " << i);
        CHECK(is_in(ByteClass::Token, c) == token);
        CHECK(is_in(ByteClass::PlainName, c) == (token && c != '_'));
        CHECK(is_in(ByteClass::Target, c) == (i > 0x20 && i < 0x7F && c != '#'));
        CHECK(is_in(ByteClass::TargetPath, c) == (i > 0x20 && i < 0x7F && c != '#' && c != '?'));
        CHECK(is_in(ByteClass::Value, c) == (i == 9 || (i >= 0x20 && i != 0x7F)));
        CHECK(is_in(ByteClass::Host, c) ==
              (alphanumeric || c == '-' || c == '.' || c == '_' || c == '~'));
    }
}

TEST_CASE("find_control finds any control byte at any place beside any other byte", "[http]") {
    for (std::size_t place = 0; place < 17; ++place) {
        for (int i = 0; i < 256; ++i) {
            for (const char other : {' ', '~', '\x80', '\xff', '!', '\x7e'}) {
                std::string text(17, other);
                text[place] = static_cast<char>(i);
                const char* const end = text.data() + text.size();
                if (find_control(text.data(), end) == find_control_slowly(text.data(), end))
                    continue;
                FAIL("byte " << i << " at " << place);
            }
        }
    }
}

TEST_CASE("find_control finds the byte also behind the first blocks that it looks at", "[http]") {
    for (std::size_t size = 1; size < 70; ++size) {
        for (std::size_t place = 0; place < size; ++place) {
            for (const char control : {'\r', '\x1f', '\x7f', '\0'}) {
                std::string text(size, 'a');
                text[place] = control;
                CHECK(find_control(text.data(), text.data() + size) == text.data() + place);
            }
        }
        const std::string plain(size, '\xfe');
        CHECK(find_control(plain.data(), plain.data() + size) == plain.data() + size);
    }
}

TEST_CASE("skip_letters passes over nothing but letters, digits and '-'", "[http]") {
    for (std::size_t place = 0; place < 40; ++place) {
        for (int i = 0; i < 256; ++i) {
            std::string text(40, i % 2 == 0 ? 'Z' : '9');
            text[place] = static_cast<char>(i);
            const char c = text[place];
            const bool is_passed = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
            const char* const at = skip_letters(text.data(), text.data() + text.size());
            if (is_passed || at <= text.data() + place) continue;
            FAIL("byte " << i << " at " << place);
        }
    }
}

TEST_CASE("field_id is not misled by a byte that differs from a letter by its case bit alone", "[http]") {
    for (const std::string name : {"connection", "transfer-encoding", "x-forwarded-for", "content-length", "host"}) {
        for (std::size_t place = 0; place < name.size(); ++place) {
            for (int i = 0x21; i < 0x7F; ++i) {
                std::string other = name;
                other[place] = static_cast<char>(i);
                const bool is_same = (i | 0x20) == name[place] && i != '\r';
                CHECK((field_id(other) == field_id(name)) == is_same);
            }
        }
    }
}
