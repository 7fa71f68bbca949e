#include "http2/server_connection.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "memory_client.hpp"

using namespace sluice;
using http2::Code;
using http2::MemoryClient;
using http2::ServerConnection;
using http2::StreamId;

namespace {

const MemoryClient::Fields get = {{":method", "GET"}, {":scheme", "http"}, {":authority", "a"}, {":path", "/"}};

MemoryClient::Fields post(MemoryClient::Fields more = {}) {
    MemoryClient::Fields fields = get;
    fields[0].second = "POST";
    fields.insert(fields.end(), more.begin(), more.end());
    return fields;
}

/// Writes down what it is told.
struct Told final : http2::ServerEvents {
    struct Stream {
        std::string head;
        std::string protocol;
        std::string body;
        std::string trailers;
        bool has_body = false;
        bool is_refused = false;
        bool has_ended = false;
        bool is_closed = false;
        int taken = 0;
        Code code = Code::NoError;
    };
    std::map<StreamId, Stream> streams;
    std::string order;

    void on_request(StreamId id, PooledString head, bool has_body, std::string protocol) override {
        streams[id].protocol = std::move(protocol);
        streams[id].head = head;
        streams[id].has_body = has_body;
        order += "request ";
    }
    void on_refused(StreamId id, Error, bool has_body) override {
        streams[id].is_refused = true;
        streams[id].has_body = has_body;
        order += "refused ";
    }
    void on_body(StreamId id, std::string_view data) override { streams[id].body += data; }
    void on_body_end(StreamId id, std::string trailers) override {
        streams[id].has_ended = true;
        streams[id].trailers = std::move(trailers);
        order += "end ";
    }
    void on_progress(http2::StreamId) override {}
    void on_taken(StreamId id) override { ++streams[id].taken; }
    void on_closed(StreamId id, Code code) override {
        streams[id].is_closed = true;
        streams[id].code = code;
        order += "closed ";
    }
};

struct Pair {
    Told told;
    MemoryClient client;
    ServerConnection server{told, http2::Limits{}, TimePoint{}};
    Random random{7};
    /// Bytes go over in pieces of random sizes up to this.
    std::uint32_t most_bytes = 1 << 16;

    /// Lets both talk until neither has more to say; false when one of them finds the other wrong.
    bool exchange() {
        for (bool has_more = true; has_more;) {
            has_more = false;
            const std::string up = client.take_output();
            for (std::size_t at = 0; at < up.size();) {
                const std::size_t size = std::min<std::size_t>(up.size() - at, 1 + random.below(most_bytes));
                if (!server.receive(std::string_view(up).substr(at, size), TimePoint{})) return false;
                at += size;
                has_more = true;
            }
            std::string space(1 + random.below(most_bytes), '\0');
            while (const std::size_t size = server.take_output(space)) {
                if (!client.receive(std::string_view(space).substr(0, size))) return false;
                has_more = true;
            }
        }
        return true;
    }
};

std::string bytes(std::size_t count) {
    std::string text(count, '\0');
    for (std::size_t i = 0; i < count; ++i) text[i] = static_cast<char>('a' + i % 23);
    return text;
}

}  // namespace

TEST_CASE("a request is told with its head, and answered with head, body and trailers") {
    Pair pair;
    const StreamId id = pair.client.request(get);
    REQUIRE(pair.exchange());
    CHECK(pair.told.streams[id].head == "GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    CHECK_FALSE(pair.told.streams[id].has_body);
    pair.server.send_interim(id, 103, "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n");
    pair.server.send_head(id, 200, "HTTP/1.1 200 OK\r\nX-A: b\r\n\r\n", true);
    const std::string body = bytes(1000);
    pair.server.send_body(id, body, false, {});
    REQUIRE(pair.exchange());
    CHECK(pair.told.streams[id].taken == 1);
    CHECK_FALSE(pair.told.streams[id].is_closed);
    pair.server.send_body(id, body, true, "X-Sum: 1\r\n");
    REQUIRE(pair.exchange());
    const MemoryClient::Stream& seen = pair.client.streams[id];
    CHECK(seen.heads == std::vector<std::string>{":status=103;link=x;", ":status=200;x-a=b;", "x-sum=1;"});
    CHECK(seen.body == body + body);
    CHECK(pair.told.streams[id].is_closed);
    CHECK(seen.code == 0);
}

namespace {

std::string window_update(StreamId stream, std::uint32_t bytes) {
    std::string frame("\0\0\4\10\0", 5);
    for (const std::uint32_t number : {static_cast<std::uint32_t>(stream), bytes}) {
        for (const int shift : {24, 16, 8, 0}) frame += static_cast<char>(number >> shift & 0xFF);
    }
    return frame;
}

std::size_t output_bytes(ServerConnection& server) {
    std::string space(1 << 20, 0);
    std::size_t all = 0;
    while (const std::size_t taken = server.take_output(space)) all += taken;
    return all;
}

}  // namespace

TEST_CASE("a few bytes wait for the window that is about to open, unless it does not") {
    Pair pair;
    const StreamId id = pair.client.request(get);
    REQUIRE(pair.exchange());
    // One byte more than the connection has.
    REQUIRE(pair.server.receive(window_update(id, 1), {}));
    const std::string body = bytes(70'000);
    pair.server.send_head(id, 200, "HTTP/1.1 200 OK\r\n\r\n", true);
    pair.server.send_body(id, body, true, {});
    CHECK(output_bytes(pair.server) > 65'535);
    REQUIRE(pair.server.receive(window_update(0, 30'000), {}));
    CHECK(output_bytes(pair.server) == 0);
    CHECK(pair.server.is_holding());
    SECTION("it does") {
        REQUIRE(pair.server.receive(window_update(id, 30'000), {}));
        CHECK(output_bytes(pair.server) == 9 + 70'000 - 65'535);
        CHECK(pair.told.streams[id].is_closed);
    }
    SECTION("it does not") {
        pair.server.send_held();
        CHECK(output_bytes(pair.server) == 9 + 1);
    }
    CHECK_FALSE(pair.server.is_holding());
}

TEST_CASE("what is not consumed keeps the client from sending more") {
    Pair pair;
    const std::size_t window = 256 * 1024;
    const StreamId id = pair.client.request(post(), bytes(3 * window));
    REQUIRE(pair.exchange());
    const std::size_t first = pair.told.streams[id].body.size();
    CHECK(first == window);
    pair.server.consume(id, first);
    REQUIRE(pair.exchange());
    CHECK(pair.told.streams[id].body.size() == 2 * window);
    pair.server.consume(id, window);
    REQUIRE(pair.exchange());
    CHECK(pair.told.streams[id].body == bytes(3 * window));
    CHECK(pair.told.streams[id].has_ended);
}

TEST_CASE("all streams together are kept to the window of the connection, which closed streams give back") {
    Pair pair;
    std::vector<StreamId> ids;
    for (int i = 0; i < 8; ++i) ids.push_back(pair.client.request(post(), bytes(256 * 1024)));
    REQUIRE(pair.exchange());
    std::size_t all = 0;
    for (const StreamId id : ids) all += pair.told.streams[id].body.size();
    CHECK(all == 1024 * 1024);
    for (const StreamId id : ids) pair.client.reset(id);
    REQUIRE(pair.exchange());
    for (const StreamId id : ids) pair.server.consume(id, pair.told.streams[id].body.size());
    const StreamId next = pair.client.request(post(), bytes(256 * 1024));
    REQUIRE(pair.exchange());
    CHECK(pair.told.streams[next].body.size() == 256 * 1024);
}

TEST_CASE("a request that is not wanted to its end is stopped behind its answer, which arrives whole") {
    for (const bool has_body : {false, true}) {
        Pair pair;
        const StreamId id = pair.client.request(post(), bytes(1 << 20));
        REQUIRE(pair.exchange());
        pair.server.send_head(id, 413, "HTTP/1.1 413 Too Large\r\n\r\n", has_body);
        if (has_body) pair.server.send_body(id, "no", true, "X-Sum: 1\r\n");
        pair.server.stop_request(id);
        REQUIRE(pair.exchange());
        const MemoryClient::Stream& seen = pair.client.streams[id];
        REQUIRE(seen.heads.size() == (has_body ? 2 : 1));
        CHECK(seen.heads[0] == ":status=413;");
        CHECK(seen.body == (has_body ? "no" : ""));
        CHECK(seen.is_closed);
        CHECK(seen.code == 0);
    }
}

TEST_CASE("a request whose answer has gone is stopped at once") {
    Pair pair;
    const StreamId id = pair.client.request(post(), bytes(1 << 20));
    REQUIRE(pair.exchange());
    pair.server.send_head(id, 204, "HTTP/1.1 204 No Content\r\n\r\n", false);
    REQUIRE(pair.exchange());
    CHECK_FALSE(pair.client.streams[id].is_closed);
    pair.server.stop_request(id);
    REQUIRE(pair.exchange());
    CHECK(pair.client.streams[id].is_closed);
}

TEST_CASE("a head as large as an upstream's may be arrives, and a larger one ends its stream") {
    for (const std::size_t fields : {std::size_t{25}, std::size_t{1000}}) {
        Pair pair;
        const StreamId id = pair.client.request(get);
        REQUIRE(pair.exchange());
        std::string head = "HTTP/1.1 200 OK\r\n";
        for (std::size_t i = 0; i < fields; ++i) head += "X-" + std::to_string(i) + ": " + bytes(1200) + "\r\n";
        pair.server.send_head(id, 200, head + "\r\n", true);
        REQUIRE(pair.exchange());
        CHECK(pair.client.streams[id].heads.size() == (fields == 25 ? 1 : 0));
        CHECK(pair.client.streams[id].is_closed == (fields != 25));
    }
}

TEST_CASE("after a reset nothing points at the owner's data") {
    Pair pair;
    const StreamId id = pair.client.request(get);
    REQUIRE(pair.exchange());
    auto body = std::make_unique<std::string>(bytes(1 << 20));
    pair.server.send_head(id, 200, "HTTP/1.1 200 OK\r\n\r\n", true);
    pair.server.send_body(id, *body, true, {});
    std::string space(5000, '\0');
    REQUIRE(pair.server.take_output(space) == space.size());
    REQUIRE(pair.client.receive(space));
    CHECK(pair.told.streams[id].taken == 0);
    pair.server.reset(id, Code::InternalError);
    body.reset();
    REQUIRE(pair.exchange());
    CHECK(pair.client.streams[id].code == 2);
    CHECK(pair.told.streams[id].is_closed);
}

TEST_CASE("the end is announced, and comes with the last stream") {
    Pair pair;
    const StreamId first = pair.client.request(get);
    REQUIRE(pair.exchange());
    pair.server.announce_end();
    const StreamId between = pair.client.request(get);
    REQUIRE(pair.exchange());
    CHECK(pair.client.goaway_streams == std::vector<std::int32_t>{0x7fffffff});
    CHECK(pair.told.streams.count(between) == 1);
    pair.server.refuse_new();
    REQUIRE(pair.exchange());
    CHECK(pair.client.goaway_streams == std::vector<std::int32_t>{0x7fffffff, between});
    CHECK(pair.client.goaways == std::vector<std::uint32_t>{0, 0});
    for (const StreamId id : {first, between}) {
        CHECK_FALSE(pair.server.is_over());
        pair.server.send_head(id, 204, "HTTP/1.1 204 No Content\r\n\r\n", false);
        REQUIRE(pair.exchange());
    }
    CHECK(pair.server.is_over());
    CHECK_FALSE(pair.server.failure());
}

TEST_CASE("a client that resets all it begins is told to be calm") {
    Pair pair;
    REQUIRE(pair.exchange());
    bool goes_on = true;
    int begun = 0;
    for (; goes_on && begun < 5000; ++begun) {
        pair.client.reset(pair.client.request(get));
        // Both frames have to go out, or nghttp2 keeps them to itself.
        const StreamId id = pair.client.request(get);
        goes_on = pair.exchange();
        pair.client.reset(id);
        goes_on = goes_on && pair.exchange();
    }
    CHECK(begun > 100);
    CHECK(begun < 1000);
    std::string space(65536, '\0');
    while (const std::size_t size = pair.server.take_output(space)) static_cast<void>(pair.client.receive(std::string_view(space).substr(0, size)));
    CHECK(pair.client.goaways == std::vector<std::uint32_t>{11});
    CHECK(pair.server.failure() == Code::EnhanceYourCalm);
    CHECK(pair.server.is_over());
}

TEST_CASE("nothing of a body that was dropped goes out, or is looked at") {
    Pair pair;
    const StreamId id = pair.client.request(get);
    REQUIRE(pair.exchange());
    pair.server.send_head(id, 200, "HTTP/1.1 200 OK\r\n\r\n", true);
    auto body = std::make_unique<std::string>(bytes(1 << 20));
    pair.server.send_body(id, *body, false, {});
    pair.server.drop_body(id);
    body.reset();
    REQUIRE(pair.exchange());
    CHECK(pair.client.streams[id].body.empty());
    pair.server.reset(id, Code::Cancel);
    REQUIRE(pair.exchange());
    CHECK(pair.client.streams[id].code == 8);
}

TEST_CASE("what is told does not depend on where the bytes are cut") {
    std::string expected;
    for (std::uint32_t seed = 0; seed < 200; ++seed) {
        Pair pair;
        pair.random = Random{seed};
        pair.most_bytes = seed == 0 ? 1 << 16 : 1 + seed % 40;
        const StreamId first = pair.client.request(post({{"cookie", "a"}, {"cookie", "b"}}), bytes(40000));
        const StreamId second = pair.client.request(post({{"host", "b"}}), bytes(10));
        const StreamId third = pair.client.request(get);
        REQUIRE(pair.exchange());
        pair.server.send_head(third, 200, "HTTP/1.1 200 OK\r\n\r\n", true);
        const std::string body = bytes(50000);
        pair.server.send_body(third, body, true, "X-A: 1\r\n");
        REQUIRE(pair.exchange());
        std::string found = pair.told.order;
        for (const StreamId id : {first, second, third}) found += pair.told.streams[id].head + pair.told.streams[id].body;
        found += pair.client.streams[third].body + pair.client.streams[third].heads.back();
        if (seed == 0) expected = found;
        REQUIRE(found == expected);
    }
    CHECK(expected.starts_with("request refused request end "));
}
