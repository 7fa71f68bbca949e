#include <catch2/catch.hpp>

#include <array>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.hpp"
#include "http/chunked_reader.hpp"
#include "http/head_parser.hpp"
#include "support/llhttp_opinion.hpp"
#include "support/wire_case.hpp"

// Whatever our parser takes, llhttp in strict mode takes too and reads the same in it;
// support/llhttp_opinion.hpp lists the few exceptions. The other way round it does not hold, and is
// not meant to.

namespace {

using namespace sluice;
using namespace sluice::http;

constexpr int rounds = 20000;

/// The difference if ours takes the head, "" otherwise.
std::string request_difference(std::string_view bytes, bool& taken) {
    HeadScanner scanner(HeadLimits{});
    const auto length = scanner.scan(bytes);
    RequestHead ours;
    taken =
        length && *length && parse_request_head(bytes.substr(0, **length), {}, ours).has_value();
    return taken ? test::difference(ours, bytes.substr(0, **length)) : std::string{};
}

std::string response_difference(std::string_view bytes, Method answered, bool& taken) {
    HeadScanner scanner(HeadLimits{}, Side::Upstream);
    const auto length = scanner.scan(bytes);
    ResponseHead ours;
    taken = length && *length &&
            parse_response_head(bytes.substr(0, **length), {}, answered, ours).has_value();
    return taken ? test::difference(ours, bytes.substr(0, **length), answered) : std::string{};
}

/// Replaces, inserts, removes or repeats a little, mostly with bytes that mean something to a
/// parser.
void mutate(std::string& text, Random& random) {
    static constexpr std::string_view bytes =
        " \t\r\n:;,=#?%/\\\"@[]_-+0159aZ*\x0b\x0c\x7f\x80\xff\0";
    static constexpr std::array<std::string_view, 14> words{"\r\n",
                                                            "\r\n ",
                                                            ": ",
                                                            "Transfer-Encoding: chunked\r\n",
                                                            "Content-Length: 5\r\n",
                                                            "chunked",
                                                            "Host: a\r\n",
                                                            "HTTP/1.0",
                                                            "HTTP/1.1",
                                                            "http://",
                                                            "Connection: close\r\n",
                                                            "\t",
                                                            "CONNECT ",
                                                            "0"};
    const std::size_t place = random.below(static_cast<std::uint32_t>(text.size()));
    const char byte = bytes[random.below(static_cast<std::uint32_t>(bytes.size()))];
    switch (random.below(5)) {
        case 0:
            text[place] = byte;
            break;
        case 1:
            text.insert(place, 1, byte);
            break;
        case 2:
            text.erase(place, 1 + random.below(3));
            break;
        case 3:
            text.insert(place, words[random.below(words.size())]);
            break;
        default:
            text.insert(place, text.substr(random.below(static_cast<std::uint32_t>(text.size())),
                                           random.below(20)));
    }
}

std::vector<test::WireCase> short_cases(bool responses) {
    std::vector<test::WireCase> chosen;
    for (auto& one : test::load_wire_cases(SLUICE_SOURCE_DIR "/tests/data/http")) {
        if (one.is_response == responses && one.bytes.size() < 400)
            chosen.push_back(std::move(one));
    }
    return chosen;
}

}  // namespace

TEST_CASE("llhttp agrees with what we read in the wire cases", "[http]") {
    for (const bool responses : {false, true}) {
        for (const test::WireCase& one : short_cases(responses)) {
            INFO(one.place << " " << one.title);
            bool taken = false;
            CHECK((responses ? response_difference(one.bytes, one.answered, taken)
                             : request_difference(one.bytes, taken))
                      .empty());
        }
    }
}

TEST_CASE("llhttp agrees with what we read in mutated requests", "[http]") {
    const auto cases = short_cases(false);
    Random random(20260101);
    int taken_count = 0;
    for (int round = 0; round < rounds; ++round) {
        std::string bytes = cases[random.below(static_cast<std::uint32_t>(cases.size()))].bytes;
        for (std::uint32_t i = 0; i <= random.below(3) && !bytes.empty(); ++i)
            mutate(bytes, random);
        bool taken = false;
        const std::string found = request_difference(bytes, taken);
        if (taken) ++taken_count;
        if (!found.empty()) FAIL(found << " in round " << round << ": " << test::show_bytes(bytes));
    }
    // Or the test would prove nothing.
    CHECK(taken_count > 2000);
}

TEST_CASE("llhttp agrees with what we read in mutated responses", "[http]") {
    const auto cases = short_cases(true);
    Random random(20260102);
    int taken_count = 0;
    for (int round = 0; round < rounds; ++round) {
        const auto& one = cases[random.below(static_cast<std::uint32_t>(cases.size()))];
        std::string bytes = one.bytes;
        for (std::uint32_t i = 0; i <= random.below(3) && !bytes.empty(); ++i)
            mutate(bytes, random);
        bool taken = false;
        const std::string found = response_difference(bytes, one.answered, taken);
        if (taken) ++taken_count;
        if (!found.empty()) FAIL(found << " in round " << round << ": " << test::show_bytes(bytes));
    }
    CHECK(taken_count > 2000);
}

TEST_CASE("llhttp agrees with what we read in mutated chunked bodies", "[http]") {
    static constexpr std::array<std::string_view, 4> bodies{
        "5\r\nhello\r\n0\r\n\r\n", "1\r\na\r\n2\r\nbc\r\n0\r\n\r\n",
        "1;a=b\r\na\r\n0\r\nX: y\r\nZ: a\r\n\r\n", "a\r\n0123456789\r\n00\r\n\r\n"};
    Random random(20260103);
    int taken_count = 0;
    for (int round = 0; round < rounds; ++round) {
        std::string bytes(bodies[random.below(bodies.size())]);
        for (std::uint32_t i = 0; i <= random.below(2); ++i) mutate(bytes, random);
        ChunkedReader reader;
        std::string data;
        std::string_view left = bytes;
        auto step = reader.step(left);
        while (step && step->event == ChunkedReader::Event::Data) {
            data.append(step->data);
            left.remove_prefix(step->consumed);
            step = reader.step(left);
        }
        if (!step || step->event != ChunkedReader::Event::End) continue;
        ++taken_count;
        const auto used = bytes.size() - left.size() + step->consumed;
        const std::string found =
            test::chunked_difference(std::string_view(bytes).substr(0, used), data);
        if (!found.empty()) FAIL(found << " in round " << round << ": " << test::show_bytes(bytes));
    }
    CHECK(taken_count > 1000);
}

TEST_CASE("llhttp in strict mode still takes what we refuse, which is why it is not our parser",
          "[http]") {
    const std::string_view head = GENERATE(
        as<std::string_view>(),
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n: y\r\nContent-Length: 27\r\n\r\n",
        "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "GET /  HTTP/1.1\r\nHost: a\r\n\r\n");
    INFO(head);
    bool taken = false;
    CHECK(request_difference(head, taken).empty());
    CHECK_FALSE(taken);
    CHECK(test::ask_llhttp_about_request(head).is_accepted);
}

TEST_CASE("llhttp is built in its strict mode", "[http]") {
    // CVE-2023-30589: the lax build takes the CR for a line end and sees a Transfer-Encoding.
    CHECK_FALSE(test::ask_llhttp_about_request(
                    "POST / HTTP/1.1\r\nHost: a\r\nX-Abc:\rxTransfer-Encoding: chunked\r\n\r\n")
                    .is_accepted);
}
