#include <catch2/catch.hpp>
#include <set>
#include <vector>

#include "field_lines.hpp"
#include "filters/forwarded.hpp"

using namespace sluice;
using namespace sluice::filters::test;

namespace {

const filters::Forwarded& filter() {
    static const filters::Forwarded made{config::Forwarding{}};
    return made;
}

std::string id_of(const http::Fields& fields, std::uint64_t seed = 1) {
    Arena arena;
    Random random(seed);
    return std::string(filter().request_id(fields, arena, random));
}

bool is_made(std::string_view id) {
    return id.size() == 32 && id.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

TEST_CASE("A sound request id of the client is taken", "[filters]") {
    const std::string id = GENERATE(as<std::string>{}, "a", "0af7651916cd43dd8448eb211c80319c",
                                    "A-b_c.d~e+f/g=1", std::string(128, 'x'));
    CHECK(id_of(fields_of({{"x-request-id", id}})) == id);
}

TEST_CASE("An unsound request id of the client is replaced", "[filters]") {
    const std::string id =
        GENERATE(as<std::string>{}, "", " ", "a b", "a\"b", "a,b", "a;b", "a\x1b", "\xC3\xBC",
                 "a\nb", "{}", "a%0a", std::string(129, 'x'));
    CHECK(is_made(id_of(fields_of({{"X-Request-Id", id}}))));
}

TEST_CASE("A request without an id gets one", "[filters]") {
    CHECK(is_made(id_of({})));
    CHECK(id_of({}, 1) == id_of({}, 1));
    CHECK(id_of({}, 1) != id_of({}, 2));
}

TEST_CASE("Every hexadecimal digit occurs at every place of a made id", "[filters]") {
    std::vector<std::set<char>> digits(32);
    for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
        const std::string id = id_of({}, seed);
        REQUIRE(is_made(id));
        for (std::size_t place = 0; place < id.size(); ++place) digits[place].insert(id[place]);
    }
    for (const std::set<char>& seen : digits) CHECK(seen.size() == 16);
}

TEST_CASE("Exactly one request id goes upstream, whatever came", "[filters]") {
    http::Fields fields = fields_of({{"X-Request-Id", "one"}, {"A", "1"}, {"x-request-id", "two"}});
    Arena arena;
    Random random(1);
    const std::string_view id = filter().request_id(fields, arena, random);
    filter().apply(fields, {filter().make_peer("192.0.2.1"), "http", "a", 1, 1, id}, arena);
    CHECK(lines_of(fields) == Lines{"A: 1", "X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: http",
                                    "X-Forwarded-Host: a", "Via: 1.1 sluice", "X-Request-Id: one"});
}

TEST_CASE("The header of the request id can be chosen, or turned off", "[filters]") {
    config::Forwarding settings;
    settings.x_forwarded = false;
    settings.via.clear();
    settings.request_id_header = GENERATE("Correlation-Id", "");
    const filters::Forwarded chosen(settings);
    http::Fields fields = fields_of({{"X-Request-Id", "theirs"}});
    Arena arena;
    chosen.apply(fields, {chosen.make_peer("192.0.2.1"), "http", "a", 1, 1, "ours"}, arena);
    Lines expected{"X-Request-Id: theirs"};
    if (!settings.request_id_header.empty()) expected.push_back("Correlation-Id: ours");
    CHECK(lines_of(fields) == expected);
}
