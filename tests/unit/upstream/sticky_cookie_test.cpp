#include "upstream/sticky_cookie.hpp"

#include <catch2/catch.hpp>
#include <set>

#include "upstream/cookie.hpp"

using namespace std::chrono_literals;
using sluice::config::Sticky;
using sluice::upstream::endpoint_name_hash;
using sluice::upstream::StickyCookie;

namespace {

constexpr std::string_view secret = "a secret of the gateway's";
constexpr std::string_view endpoint = "10.0.0.5:8080";

/// A number as it would stand in a cookie.
std::string hex_of(std::uint64_t number) {
    std::string text;
    for (int shift = 60; shift >= 0; shift -= 4) text.push_back("0123456789abcdef"[(number >> shift) & 15]);
    return text;
}

}  // namespace

TEST_CASE("A sticky cookie leads back to the endpoint that it was made for", "[upstream]") {
    const StickyCookie cookies(secret);
    for (const std::string_view name : {endpoint, std::string_view("[::1]:80"), std::string_view("unix:/run/a.sock")}) {
        CHECK(cookies.endpoint_hash(cookies.make(name)) == endpoint_name_hash(name));
    }
    // Another gateway with the same secret, and the same client later.
    CHECK(StickyCookie(secret).endpoint_hash(cookies.make(endpoint)) == endpoint_name_hash(endpoint));
    CHECK(StickyCookie(secret).make(endpoint) == cookies.make(endpoint));
}

TEST_CASE("A sticky cookie holds only what may stand in a cookie, and no hash of the address", "[upstream]") {
    const std::string value = StickyCookie(secret).make(endpoint);
    CHECK(value.size() == 49);
    CHECK(value.find_first_not_of("0123456789abcdef.") == std::string::npos);
    CHECK(value.find(hex_of(endpoint_name_hash(endpoint))) == std::string::npos);

    std::set<std::string> values;
    for (const std::string_view other : {"secret one", "secret two", "secret two ", ""}) {
        values.insert(StickyCookie(other).make(endpoint).substr(0, 16));
    }
    CHECK(values.size() == 4);
}

TEST_CASE("A sticky cookie made with another secret is refused", "[upstream]") {
    const StickyCookie cookies(secret);
    CHECK_FALSE(cookies.endpoint_hash(StickyCookie("another secret, long").make(endpoint)));
    CHECK_FALSE(cookies.endpoint_hash(StickyCookie("").make(endpoint)));
}

TEST_CASE("A sticky cookie with any character changed is refused", "[upstream]") {
    const StickyCookie cookies(secret);
    const std::string value = cookies.make(endpoint);
    for (std::size_t i = 0; i < value.size(); ++i) {
        for (const char other : {'0', '1', 'f', 'F', '.', ' ', '\0', '\xFF'}) {
            if (value[i] == other) continue;
            std::string changed = value;
            changed[i] = other;
            CHECK_FALSE(cookies.endpoint_hash(changed));
        }
    }
    std::string upper_case = value;
    for (char& c : upper_case) c = c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c;
    CHECK_FALSE(cookies.endpoint_hash(upper_case));
}

TEST_CASE("A sticky cookie that is cut, longer, or put together from two is refused", "[upstream]") {
    const StickyCookie cookies(secret);
    const std::string value = cookies.make(endpoint);
    for (std::size_t length = 0; length < value.size(); ++length) {
        CHECK_FALSE(cookies.endpoint_hash(std::string_view(value).substr(0, length)));
        CHECK_FALSE(cookies.endpoint_hash(std::string_view(value).substr(value.size() - length)));
    }
    CHECK_FALSE(cookies.endpoint_hash(value + "0"));
    CHECK_FALSE(cookies.endpoint_hash(value + value));
    CHECK_FALSE(cookies.endpoint_hash("\"" + value + "\""));
    CHECK_FALSE(cookies.endpoint_hash(std::string(49, '0')));

    const std::string other = cookies.make("10.0.0.6:8080");
    CHECK_FALSE(cookies.endpoint_hash(value.substr(0, 17) + other.substr(17)));
    CHECK_FALSE(cookies.endpoint_hash(hex_of(endpoint_name_hash(endpoint)) + value.substr(16)));
}

TEST_CASE("Set-Cookie says what is configured", "[upstream]") {
    const StickyCookie cookies(secret);
    const std::string value = cookies.make(endpoint);
    CHECK(cookies.set_cookie({}, endpoint) == "sluice=" + value + "; Path=/; HttpOnly; SameSite=Lax");

    Sticky sticky;
    sticky.cookie = "at";
    sticky.path = "/shop";
    sticky.max_age = 90'001ms;
    sticky.secure = true;
    CHECK(cookies.set_cookie(sticky, endpoint) ==
          "at=" + value + "; Path=/shop; Max-Age=91; Secure; HttpOnly; SameSite=Lax");
    sticky.max_age = 1ms;
    CHECK(cookies.set_cookie(sticky, endpoint).find("; Max-Age=1;") != std::string::npos);
}

TEST_CASE("A browser that sends the cookie back among others is recognised", "[upstream]") {
    const StickyCookie cookies(secret);
    const std::string header = "theme=dark; sluice=" + cookies.make(endpoint) + "; lang=de";
    const std::string_view value = sluice::upstream::find_cookie(header, "sluice").value();
    CHECK(cookies.endpoint_hash(value) == endpoint_name_hash(endpoint));
}
