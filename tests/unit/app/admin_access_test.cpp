#include "app/admin_access.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "support/moment.hpp"

using namespace sluice;
using namespace std::chrono_literals;
using app::AdminAccess;
using app::AdminCall;
using test::at;

namespace {

using Kind = config::Address::Kind;

constexpr std::string_view token = "0123456789abcdef";

AdminAccess::Settings settings(config::Address address = {Kind::Ipv4, "127.0.0.1", 9901}) {
    return {std::move(address), {"gateway.internal"}, std::string(token), 1000};
}

AdminCall call(std::string_view authority = "127.0.0.1:9901") {
    AdminCall made;
    made.address = "127.0.0.1";
    made.authority = authority;
    return made;
}

AdminCall with_token(std::string_view authorization) {
    AdminCall made = call();
    made.authorization = authorization;
    return made;
}

AdminCall from_unix(std::optional<std::uint32_t> user) {
    AdminCall made = call("localhost");
    made.address = "unix";
    made.is_unix = true;
    made.user = user;
    return made;
}

/// The code of a refusal; "" when there is none.
std::string code_of(const std::optional<app::Refusal>& refusal) { return refusal ? std::string(refusal->code) : std::string(); }

}  // namespace

TEST_CASE("Access knows the listener by loopback, its own address and its configured names, row by row", "[app]") {
    struct Row {
        config::Address listens;
        const char* host;
        bool is_known;
    };
    const config::Address loopback{Kind::Ipv4, "127.0.0.1", 9901};
    const config::Address one{Kind::Ipv4, "10.0.0.7", 9901};
    const config::Address all{Kind::Ipv6, "::", 9901};
    const auto row = GENERATE_COPY(values<Row>({
        {loopback, "localhost", true},
        {loopback, "LocalHost:1234", true},
        {loopback, "127.0.0.1:9901", true},
        {loopback, "127.1.2.3", true},
        {loopback, "[::1]:9901", true},
        {loopback, "[0:0:0:0:0:0:0:1]", true},
        {loopback, "gateway.internal", true},
        {loopback, "GATEWAY.internal:80", true},
        {loopback, "10.0.0.7:9901", false},
        {loopback, "evil.example", false},
        {loopback, "evil.example:9901", false},
        {loopback, "localhost.evil.example", false},
        {loopback, "127.0.0.1.evil.example", false},
        {loopback, "127.evil.example", false},
        {loopback, "gateway.internal.evil.example", false},
        {loopback, "", false},
        {one, "10.0.0.7:9901", true},
        {one, "10.0.0.8:9901", false},
        {all, "10.0.0.8:9901", true},
        {all, "[2001:db8::1]", true},
        {all, "evil.example", false},
    }));
    INFO(row.listens.text() << " called " << row.host);
    const AdminAccess access(settings(row.listens));
    CHECK(code_of(access.check_source(call(row.host))) == (row.is_known ? "" : "host_unknown"));
}

TEST_CASE("Access refuses what a page of another site sends, row by row", "[app]") {
    struct Row {
        std::optional<std::string_view> origin;
        std::optional<std::string_view> fetch_site;
        bool is_allowed;
    };
    const auto row = GENERATE(values<Row>({
        {std::nullopt, std::nullopt, true},
        {"http://127.0.0.1:9901", "same-origin", true},
        {std::nullopt, "none", true},
        {"http://evil.example", std::nullopt, false},
        {"http://127.0.0.1:8080", std::nullopt, false},
        {"http://127.0.0.1:9901.evil.example", std::nullopt, false},
        {"null", std::nullopt, false},
        {"", std::nullopt, false},
        {std::nullopt, "cross-site", false},
        {std::nullopt, "same-site", false},
        {"http://127.0.0.1:9901", "cross-site", false},
    }));
    AdminCall made = call();
    made.origin = row.origin;
    made.fetch_site = row.fetch_site;
    INFO(row.origin.value_or("-") << " " << row.fetch_site.value_or("-"));
    CHECK(code_of(AdminAccess(settings()).check_source(made)) == (row.is_allowed ? "" : "cross_site"));
}

TEST_CASE("Access over a Unix-domain socket takes any Host, but no web page", "[app]") {
    const AdminAccess access(settings());
    AdminCall made = from_unix(1000);
    made.authority = "anything";
    CHECK_FALSE(access.check_source(made));
    made.origin = "http://anything";
    CHECK(code_of(access.check_source(made)) == "cross_site");
}

TEST_CASE("A change needs the token, row by row", "[app]") {
    struct Row {
        std::optional<std::string_view> authorization;
        const char* code;
    };
    const auto row = GENERATE(values<Row>({
        {"Bearer 0123456789abcdef", ""},
        {"bearer  0123456789abcdef ", ""},
        {std::nullopt, "token_missing"},
        {"", "token_missing"},
        {"Basic 0123456789abcdef", "token_missing"},
        {"Bearer0123456789abcdef", "token_missing"},
        {"Bearer ", "token_wrong"},
        {"Bearer 0123456789abcde", "token_wrong"},
        {"Bearer 0123456789abcdef0123456789abcdef", "token_wrong"},
        {"Bearer 0123456789abcdeF", "token_wrong"},
    }));
    INFO(row.authorization.value_or("-"));
    AdminCall made = call();
    made.authorization = row.authorization;
    AdminAccess access(settings());
    const auto refusal = access.check_change(made, at(0s));
    CHECK(code_of(refusal) == row.code);
    if (refusal) CHECK(refusal->status == 401);
}

TEST_CASE("Without a token no change is possible over TCP", "[app]") {
    AdminAccess::Settings none = settings();
    none.token.clear();
    AdminAccess access(none);
    CHECK(code_of(access.check_change(with_token("Bearer "), at(0s))) == "token_wrong");
    CHECK(code_of(access.check_change(with_token("Bearer x"), at(0s))) == "token_wrong");
}

TEST_CASE("The gateway's own user and root need no token over a Unix-domain socket, others do", "[app]") {
    AdminAccess access(settings());
    CHECK_FALSE(access.check_change(from_unix(1000), at(0s)));
    CHECK_FALSE(access.check_change(from_unix(0), at(0s)));
    CHECK(code_of(access.check_change(from_unix(1001), at(0s))) == "token_missing");
    CHECK(code_of(access.check_change(from_unix(std::nullopt), at(0s))) == "token_missing");
    AdminCall other = from_unix(1001);
    other.authorization = "Bearer 0123456789abcdef";
    CHECK_FALSE(access.check_change(other, at(0s)));
    // A number that a TCP connection can't have is not believed.
    AdminCall forged = call();
    forged.user = 0;
    CHECK(code_of(access.check_change(forged, at(0s))) == "token_missing");
}

TEST_CASE("A change with a body says that it is JSON", "[app]") {
    AdminCall made = with_token("Bearer 0123456789abcdef");
    made.has_body = true;
    AdminAccess access(settings());
    CHECK(code_of(access.check_change(made, at(0s))) == "content_type");
    made.content_type = "text/plain";
    CHECK(code_of(access.check_change(made, at(0s))) == "content_type");
    made.content_type = "Application/JSON; charset=utf-8";
    CHECK_FALSE(access.check_change(made, at(0s)));
}

TEST_CASE("Changes are limited, and go on as time passes", "[app]") {
    AdminAccess access(settings());
    const AdminCall made = with_token("Bearer 0123456789abcdef");
    for (int i = 0; i < 20; ++i) REQUIRE_FALSE(access.check_change(made, at(0s)));
    const auto refusal = access.check_change(made, at(0s));
    REQUIRE(code_of(refusal) == "too_many_changes");
    CHECK(refusal->status == 429);
    CHECK(refusal->retry_after == 1s);
    CHECK_FALSE(access.check_change(made, at(100ms)));
    CHECK(code_of(access.check_change(made, at(100ms))) == "too_many_changes");
}

TEST_CASE("A client that guesses tokens learns nothing after a few, while others go on", "[app]") {
    AdminAccess access(settings());
    for (int i = 0; i < 5; ++i) {
        REQUIRE(code_of(access.check_change(with_token("Bearer wrong"), at(0s))) == "token_wrong");
    }
    // Right or wrong, it is not looked at.
    CHECK(code_of(access.check_change(with_token("Bearer wrong"), at(0s))) == "too_many_wrong_tokens");
    CHECK(code_of(access.check_change(with_token("Bearer 0123456789abcdef"), at(0s))) == "too_many_wrong_tokens");
    AdminCall other = with_token("Bearer 0123456789abcdef");
    other.address = "10.0.0.9";
    CHECK_FALSE(access.check_change(other, at(0s)));
    CHECK_FALSE(access.check_change(with_token("Bearer 0123456789abcdef"), at(2s)));
}

TEST_CASE("Wrong tokens of very many clients do not grow the memory without end", "[app]") {
    AdminAccess access(settings());
    std::vector<std::string> addresses;
    for (int i = 0; i < 3000; ++i) addresses.push_back("10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250));
    int refused_early = 0;
    for (const std::string& address : addresses) {
        AdminCall made = with_token("Bearer wrong");
        made.address = address;
        refused_early += code_of(access.check_change(made, at(0s))) == "too_many_wrong_tokens" ? 1 : 0;
    }
    // Those that found no place of their own share one count.
    CHECK(refused_early == 3000 - 1024 - 5);
}

TEST_CASE("Tokens are compared whole", "[app]") {
    CHECK(app::equal_in_constant_time("abc", "abc"));
    CHECK_FALSE(app::equal_in_constant_time("abc", "abd"));
    CHECK_FALSE(app::equal_in_constant_time("ab", "abc"));
    CHECK_FALSE(app::equal_in_constant_time("abcabc", "abc"));
    CHECK_FALSE(app::equal_in_constant_time("", "abc"));
    CHECK_FALSE(app::equal_in_constant_time("", ""));
}
