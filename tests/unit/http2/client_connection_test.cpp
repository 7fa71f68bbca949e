#include "http2/client_connection.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "memory_server.hpp"

using namespace sluice;
using http2::ClientConnection;
using http2::Code;
using http2::MemoryServer;
using http2::StreamId;

namespace {

constexpr const char* get = "GET /a?b HTTP/1.1\r\nHost: a.example\r\nAccept: */*\r\n\r\n";
constexpr const char* post = "POST / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nTransfer-Encoding: chunked\r\n\r\n";
constexpr std::size_t window = 256 * 1024;
const MemoryServer::Fields ok = {{":status", "200"}};

/// Writes down what it is told.
struct Told final : http2::ClientEvents {
    struct Stream {
        std::vector<std::string> heads;
        std::string body;
        std::string trailers;
        std::size_t bytes = 0;
        bool head_was_last = false;
        bool has_ended = false;
        bool is_closed = false;
        bool is_untouched = false;
        int taken = 0;
        int progress = 0;
        Code code = Code::NoError;
    };
    std::map<StreamId, Stream> streams;
    std::string order;

    Stream& open(StreamId id) {
        REQUIRE_FALSE(streams[id].is_closed);
        return streams[id];
    }
    void on_head(StreamId id, std::string head, bool is_last) override {
        open(id).heads.push_back(std::move(head));
        open(id).head_was_last = is_last;
        order += "head ";
    }
    void on_body(StreamId id, std::string_view data) override {
        open(id).body += data;
        open(id).bytes += data.size();
    }
    void on_body_end(StreamId id, std::string trailers) override {
        open(id).has_ended = true;
        open(id).trailers = std::move(trailers);
        order += "end ";
    }
    void on_progress(StreamId id) override { ++open(id).progress; }
    void on_taken(StreamId id) override { ++open(id).taken; }
    void on_closed(StreamId id, Code code, bool is_untouched) override {
        open(id).code = code;
        streams[id].is_closed = true;
        streams[id].is_untouched = is_untouched;
        order += "closed ";
    }
};

struct Pair {
    explicit Pair(std::optional<std::uint32_t> most_streams = {}, bool gives_windows = true, http2::ClientLimits limits = {})
        : server(most_streams, gives_windows), client(told, limits, TimePoint{}) {}

    Told told;
    MemoryServer server;
    ClientConnection client;
    Random random{7};
    /// Bytes go over in pieces of random sizes up to this.
    std::uint32_t most_bytes = 1 << 16;

    /// Gives the client bytes of its upstream; false when it finds them wrong.
    bool give(std::string_view bytes) {
        for (std::size_t at = 0; at < bytes.size();) {
            const std::size_t size = std::min<std::size_t>(bytes.size() - at, 1 + random.below(most_bytes));
            if (!client.receive(bytes.substr(at, size), TimePoint{})) return false;
            at += size;
        }
        return true;
    }
    /// Lets both talk until neither has more to say; false when one of them finds the other wrong.
    bool exchange() {
        for (bool has_more = true; has_more;) {
            const std::string down = server.take_output();
            has_more = !down.empty();
            if (!give(down)) return false;
            std::string space(1 + random.below(most_bytes), '\0');
            while (const std::size_t size = client.take_output(space)) {
                if (!server.receive(std::string_view(space).substr(0, size))) return false;
                has_more = true;
            }
        }
        return true;
    }
    StreamId open(const char* head = get, bool has_body = false) {
        const StreamId id = client.open(head, "http", has_body);
        REQUIRE(id > 0);
        return id;
    }
    void check_closed(StreamId id, Code code, bool is_untouched) {
        CHECK(told.streams[id].is_closed);
        CHECK(told.streams[id].code == code);
        CHECK(told.streams[id].is_untouched == is_untouched);
    }
};

std::string bytes(std::size_t count) {
    std::string text(count, '\0');
    for (std::size_t i = 0; i < count; ++i) text[i] = static_cast<char>('a' + i % 23);
    return text;
}

/// A frame as it is on the wire; its stream's id is less than 256.
std::string frame(std::uint8_t type, std::uint8_t flags, StreamId stream, const std::string& payload) {
    const char head[] = {0, static_cast<char>(payload.size() >> 8), static_cast<char>(payload.size() & 255), static_cast<char>(type),
                         static_cast<char>(flags), 0, 0, 0, static_cast<char>(stream)};
    return std::string(head, sizeof(head)) + payload;
}
const std::string settings = frame(4, 0, 0, {});
constexpr std::uint8_t end_stream = 1;
constexpr std::uint8_t end_headers = 4;

}  // namespace

TEST_CASE("a request goes out as HTTP/2 has it, and its response is told as HTTP/1.1 has it") {
    Pair pair;
    const StreamId id = pair.open();
    REQUIRE(pair.exchange());
    CHECK(pair.server.streams[id].heads == std::vector<std::string>{":method=GET;:scheme=http;:path=/a?b;:authority=a.example;accept=*/*;"});
    CHECK(pair.server.streams[id].has_ended);
    pair.server.head(id, {{":status", "103"}, {"link", "x"}});
    pair.server.respond(id, {{":status", "200"}, {"x-a", "b"}}, "body", {{"x-sum", "1"}, {"grpc-status", "0"}});
    REQUIRE(pair.exchange());
    const Told::Stream& seen = pair.told.streams[id];
    CHECK(seen.heads == std::vector<std::string>{"HTTP/1.1 103 \r\nlink: x\r\n\r\n", "HTTP/1.1 200 \r\nx-a: b\r\n\r\n"});
    CHECK_FALSE(seen.head_was_last);
    CHECK(seen.body == "body");
    CHECK(seen.trailers == "x-sum: 1\r\ngrpc-status: 0\r\n");
    CHECK(pair.told.order == "head head end closed ");
    pair.check_closed(id, Code::NoError, false);
    CHECK(pair.client.open_streams() == 0);
}

TEST_CASE("both bodies may be larger than the windows, and have trailers") {
    for (const bool gives_windows : {true, false}) {
        Pair pair({}, gives_windows);
        const std::string body = bytes(3 * window + 17);
        const StreamId id = pair.open(post, true);
        REQUIRE(pair.exchange());
        CHECK(pair.server.streams[id].heads.at(0).ends_with("te=trailers;"));
        pair.client.send_body(id, body, false, {});
        // What the server is to take next, where it gives no window by itself.
        for (int i = 0; i < 200; ++i) {
            const std::size_t before = pair.server.streams[id].body.size();
            REQUIRE(pair.exchange());
            if (gives_windows) break;
            CHECK(pair.server.streams[id].body.size() - before <= 65536);
            if (pair.server.streams[id].body.size() == before) break;
            CHECK(pair.told.streams[id].progress != 0);
            pair.server.consume(id, pair.server.streams[id].body.size() - before);
        }
        CHECK(pair.told.streams[id].taken == 1);
        CHECK_FALSE(pair.server.streams[id].has_ended);
        pair.client.send_body(id, "end", true, "X-Sum: 1\r\nConnection: close\r\n");
        REQUIRE(pair.exchange());
        CHECK(pair.told.streams[id].taken == 2);
        CHECK(pair.server.streams[id].body == body + "end");
        CHECK(pair.server.streams[id].heads.at(1) == "x-sum=1;");
        CHECK(pair.server.streams[id].has_ended);
        pair.server.respond(id, ok, body, {{"x-sum", "2"}});
        REQUIRE(pair.exchange());
        Told::Stream& seen = pair.told.streams[id];
        CHECK(seen.bytes == window);
        while (!seen.has_ended && seen.bytes != 0) {
            pair.client.consume(id, std::exchange(seen.bytes, 0));
            REQUIRE(pair.exchange());
        }
        CHECK(seen.body == body);
        CHECK(seen.trailers == "x-sum: 2\r\n");
        pair.check_closed(id, Code::NoError, false);
    }
}

TEST_CASE("a response without body ends with its head") {
    for (const MemoryServer::Fields& fields : {MemoryServer::Fields{{":status", "204"}}, MemoryServer::Fields{{":status", "304"}, {"content-length", "5"}},
                                               MemoryServer::Fields{{":status", "200"}, {"content-length", "0"}}}) {
        Pair pair;
        const StreamId id = pair.open();
        REQUIRE(pair.exchange());
        pair.server.respond(id, fields);
        REQUIRE(pair.exchange());
        CHECK(pair.told.streams[id].head_was_last);
        CHECK(pair.told.order == "head closed ");
        pair.check_closed(id, Code::NoError, false);
    }
}

TEST_CASE("a response to HEAD may tell the length of a body that does not come") {
    Pair pair;
    const StreamId id = pair.open("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    REQUIRE(pair.exchange());
    pair.server.respond(id, {{":status", "200"}, {"content-length", "5"}});
    REQUIRE(pair.exchange());
    CHECK(pair.told.streams[id].heads == std::vector<std::string>{"HTTP/1.1 200 \r\ncontent-length: 5\r\n\r\n"});
    pair.check_closed(id, Code::NoError, false);
}

TEST_CASE("a request with an empty body, in one piece or behind others, ends") {
    Pair pair;
    const StreamId first = pair.open(post, true);
    const StreamId second = pair.open(post, true);
    pair.client.send_body(first, {}, true, {});
    pair.client.send_body(second, "a", false, {});
    REQUIRE(pair.exchange());
    CHECK(pair.server.streams[first].has_ended);
    pair.client.send_body(second, {}, true, {});
    REQUIRE(pair.exchange());
    CHECK(pair.server.streams[second].has_ended);
    CHECK(pair.server.streams[second].body == "a");
    CHECK(pair.told.streams[second].taken == 2);
}

TEST_CASE("no more streams are opened than the upstream allows, before and after it has said so") {
    Pair pair(3U, true, {.fields = 100, .field_bytes = 65536, .streams = 5});
    CHECK(pair.client.free_streams() == 5);
    REQUIRE(pair.exchange());
    CHECK(pair.client.free_streams() == 3);
    std::vector<StreamId> ids;
    for (int i = 0; i < 3; ++i) ids.push_back(pair.open());
    CHECK(pair.client.free_streams() == 0);
    CHECK(pair.client.open(get, "http", false) == 0);
    CHECK(pair.client.takes_requests());
    REQUIRE(pair.exchange());
    pair.server.respond(ids[0], ok);
    REQUIRE(pair.exchange());
    CHECK(pair.client.free_streams() == 1);
    pair.server.allow_streams(1);
    REQUIRE(pair.exchange());
    CHECK(pair.client.free_streams() == 0);
    pair.server.allow_streams(1000);
    REQUIRE(pair.exchange());
    CHECK(pair.client.free_streams() == 3);
    CHECK(pair.client.open_streams() == 2);
}

TEST_CASE("a request that is opened before the upstream takes places away waits for one") {
    Pair pair;
    const StreamId first = pair.open();
    REQUIRE(pair.exchange());
    pair.server.allow_streams(1);
    const std::string down = pair.server.take_output();
    const StreamId second = pair.open();
    REQUIRE(pair.give(down));
    REQUIRE(pair.exchange());
    CHECK(pair.server.streams.count(second) == 0);
    SECTION("which comes with the end of another") {
        pair.server.respond(first, ok);
        REQUIRE(pair.exchange());
        CHECK(pair.server.streams[second].has_ended);
    }
    SECTION("and is told to be untouched when the upstream goes away") {
        pair.server.go_away(first);
        REQUIRE(pair.exchange());
        pair.check_closed(second, Code::RefusedStream, true);
        CHECK_FALSE(pair.told.streams[first].is_closed);
        pair.server.respond(first, ok);
        REQUIRE(pair.exchange());
        CHECK(pair.client.is_over());
        CHECK(pair.told.order == "closed head closed ");
    }
    SECTION("and does not go out when it is reset or forgotten") {
        pair.client.reset(second, Code::Cancel);
        pair.client.forget(second);
        CHECK(pair.client.open_streams() == 1);
        pair.server.respond(first, ok);
        REQUIRE(pair.exchange());
        const StreamId third = pair.open();
        REQUIRE(pair.exchange());
        CHECK(pair.server.streams.count(second) == 0);
        CHECK(pair.server.streams[third].has_ended);
        CHECK_FALSE(pair.told.streams[second].is_closed);
    }
}

TEST_CASE("when the upstream goes away, what it has not touched is told, and the rest goes on") {
    Pair pair;
    const StreamId first = pair.open();
    const StreamId second = pair.open(post, true);
    REQUIRE(pair.exchange());
    const StreamId third = pair.open();
    pair.server.go_away(first);
    REQUIRE(pair.exchange());
    pair.check_closed(second, Code::RefusedStream, true);
    pair.check_closed(third, Code::RefusedStream, true);
    CHECK_FALSE(pair.told.streams[first].is_closed);
    CHECK_FALSE(pair.client.takes_requests());
    CHECK(pair.client.free_streams() == 0);
    CHECK(pair.client.open_streams() == 1);
    CHECK_FALSE(pair.client.is_over());
    pair.server.respond(first, ok, "a");
    REQUIRE(pair.exchange());
    CHECK(pair.told.streams[first].body == "a");
    pair.check_closed(first, Code::NoError, false);
    CHECK(pair.client.is_over());
    CHECK_FALSE(pair.client.failure());
}

TEST_CASE("an upstream that announces its end takes no more requests, and answers those that it has") {
    Pair pair;
    const StreamId id = pair.open();
    REQUIRE(pair.exchange());
    pair.server.go_away(0x7fffffff);
    REQUIRE(pair.exchange());
    CHECK_FALSE(pair.client.takes_requests());
    CHECK_FALSE(pair.told.streams[id].is_closed);
    pair.server.respond(id, ok);
    REQUIRE(pair.exchange());
    pair.check_closed(id, Code::NoError, false);
}

TEST_CASE("a refused request is untouched, unless its response has begun or it was reset by us") {
    Pair pair;
    std::vector<StreamId> ids;
    for (int i = 0; i < 4; ++i) ids.push_back(pair.open());
    REQUIRE(pair.exchange());
    pair.server.reset(ids[0], 7);
    pair.server.head(ids[1], {{":status", "103"}});
    pair.server.head(ids[2], ok);
    REQUIRE(pair.exchange());
    pair.server.reset(ids[1], 7);
    pair.server.reset(ids[2], 7);
    pair.client.reset(ids[3], Code::RefusedStream);
    REQUIRE(pair.exchange());
    pair.check_closed(ids[0], Code::RefusedStream, true);
    for (int i = 1; i < 4; ++i) pair.check_closed(ids[static_cast<std::size_t>(i)], Code::RefusedStream, false);
}

TEST_CASE("a reset of the upstream's is told with its code") {
    Pair pair;
    const StreamId first = pair.open(post, true);
    const StreamId second = pair.open();
    const StreamId third = pair.open(post, true);
    REQUIRE(pair.exchange());
    pair.server.reset(first, 11);
    pair.server.reset(second, 13);
    // The response is whole, the rest of the request need not come (RFC 9113, 8.1).
    pair.server.respond(third, ok);
    REQUIRE(pair.exchange());
    pair.server.reset(third, 0);
    REQUIRE(pair.exchange());
    pair.check_closed(first, Code::EnhanceYourCalm, false);
    pair.check_closed(second, Code::Http11Required, false);
    pair.check_closed(third, Code::NoError, false);
    CHECK(pair.told.streams[third].head_was_last);
    pair.client.send_body(first, "late", true, {});
    pair.client.reset(first, Code::Cancel);
    pair.client.forget(first);
    REQUIRE(pair.exchange());
    CHECK(pair.client.free_streams() == 100);
}

TEST_CASE("after a reset of ours nothing points at the owner's data, and its end is all that is told") {
    Pair pair({}, false);
    const StreamId id = pair.open(post, true);
    REQUIRE(pair.exchange());
    pair.server.head(id, ok);
    auto body = std::make_unique<std::string>(bytes(1 << 20));
    pair.client.send_body(id, *body, true, {});
    std::string space(5000, '\0');
    REQUIRE(pair.client.take_output(space) == space.size());
    REQUIRE(pair.server.receive(space));
    pair.client.reset(id, Code::Cancel);
    pair.client.reset(id, Code::InternalError);
    body.reset();
    REQUIRE(pair.exchange());
    CHECK(pair.server.streams[id].code == 8);
    CHECK(pair.told.streams[id].heads.empty());
    CHECK(pair.told.streams[id].taken == 0);
    pair.check_closed(id, Code::Cancel, false);
}

TEST_CASE("a stream that lacks our end alone is forgotten without a reset, and gives its place back at once") {
    Pair pair({}, true, {.fields = 100, .field_bytes = 65536, .streams = 1});
    const StreamId id = pair.open(post, true);
    REQUIRE(pair.exchange());
    pair.server.respond(id, ok);
    REQUIRE(pair.give(pair.server.take_output()));
    pair.client.send_body(id, {}, true, {});
    pair.client.forget(id);
    CHECK(pair.client.free_streams() == 1);
    const StreamId next = pair.open();
    REQUIRE(pair.exchange());
    CHECK(pair.server.streams[id].has_ended);
    CHECK(pair.server.resets == 0);
    CHECK(pair.server.streams[next].has_ended);
    CHECK_FALSE(pair.told.streams[id].is_closed);
}

TEST_CASE("a stream that is forgotten is reset, tells nothing, and gives its place back") {
    Pair pair({}, true, {.fields = 100, .field_bytes = 65536, .streams = 1});
    const StreamId id = pair.open(post, true);
    auto body = std::make_unique<std::string>(bytes(1 << 20));
    pair.client.send_body(id, *body, true, {});
    std::string space(5000, '\0');
    REQUIRE(pair.client.take_output(space) == space.size());
    REQUIRE(pair.server.receive(space));
    pair.client.forget(id);
    body.reset();
    CHECK(pair.client.free_streams() == 1);
    const StreamId next = pair.open();
    REQUIRE(pair.exchange());
    CHECK(pair.server.streams[id].code == 8);
    CHECK(pair.server.streams[next].has_ended);
    CHECK_FALSE(pair.told.streams[id].is_closed);
}

TEST_CASE("a stream that is forgotten behind its end is not reset") {
    Pair pair;
    const StreamId id = pair.open(post, true);
    REQUIRE(pair.exchange());
    pair.server.respond(id, ok);
    REQUIRE(pair.exchange());
    pair.client.send_body(id, "a", true, "X-Sum: 1\r\n");
    // Its body has been taken, and its trailers are still on their way.
    char first = 0;
    REQUIRE(pair.client.take_output({&first, 1}) == 1);
    REQUIRE(pair.server.receive({&first, 1}));
    REQUIRE(pair.told.streams[id].taken == 1);
    REQUIRE_FALSE(pair.told.streams[id].is_closed);
    pair.client.forget(id);
    REQUIRE(pair.exchange());
    CHECK(pair.server.streams[id].heads.back() == "x-sum=1;");
    CHECK(pair.server.streams[id].is_closed);
    CHECK(pair.server.resets == 0);
}

TEST_CASE("an upstream is told that there is no push, how large a head may be, and the windows") {
    Pair pair;
    REQUIRE(pair.exchange());
    CHECK(pair.server.setting(NGHTTP2_SETTINGS_ENABLE_PUSH) == 0);
    CHECK(pair.server.setting(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE) == 65536);
    CHECK(pair.server.setting(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE) == window);
}

TEST_CASE("a request that is too large to be sent ends its stream, and is not to be tried again") {
    Pair pair;
    const std::string large = "X: " + bytes(17'000'000) + "\r\n";
    const StreamId first = pair.open(("GET / HTTP/1.1\r\nHost: a\r\n" + large + "\r\n").c_str());
    const StreamId second = pair.open(post, true);
    pair.client.send_body(second, "a", true, large);
    REQUIRE(pair.exchange());
    for (const StreamId id : {first, second}) pair.check_closed(id, Code::InternalError, false);
    CHECK(pair.server.streams.count(first) == 0);
    CHECK(pair.server.streams[second].code == 2);
}

TEST_CASE("what is not consumed of a stream keeps the upstream from sending more of it, and of no other") {
    Pair pair;
    std::vector<StreamId> ids;
    for (int i = 0; i < 8; ++i) ids.push_back(pair.open());
    REQUIRE(pair.exchange());
    for (const StreamId id : ids) pair.server.respond(id, ok, bytes(2 * window));
    REQUIRE(pair.exchange());
    // Together twice the window of the connection.
    for (const StreamId id : ids) CHECK(pair.told.streams[id].bytes == window);
    for (int i = 0; i < 1000 && pair.client.open_streams() != 0; ++i) {
        for (const StreamId id : ids) pair.client.consume(id, std::exchange(pair.told.streams[id].bytes, 0));
        REQUIRE(pair.exchange());
    }
    for (const StreamId id : ids) CHECK(pair.told.streams[id].body == bytes(2 * window));
}

TEST_CASE("bodies of forgotten and closed streams do not use up the window of the connection") {
    Pair pair;
    pair.most_bytes = 3000;
    // So many that what is left of the frame that is cut would use it up.
    for (int i = 0; i < 100; ++i) {
        const StreamId id = pair.open();
        REQUIRE(pair.exchange());
        pair.server.respond(id, ok, bytes(2 * window));
        // Some of it, and the rest is on its way when the stream is forgotten.
        const std::string down = pair.server.take_output();
        REQUIRE(pair.give(std::string_view(down).substr(0, 100'000 + static_cast<std::size_t>(i))));
        const std::size_t told = pair.told.streams[id].bytes;
        CHECK(told > 50'000);
        if (i % 2 == 0) {
            pair.client.forget(id);
            pair.client.consume(id, told);
        } else {
            pair.client.consume(id, told);
            pair.client.reset(id, Code::Cancel);
        }
        REQUIRE(pair.give(std::string_view(down).substr(100'000 + static_cast<std::size_t>(i))));
        REQUIRE(pair.exchange());
        CHECK(pair.told.streams[id].bytes == told);
    }
    const StreamId id = pair.open();
    REQUIRE(pair.exchange());
    pair.server.respond(id, ok, bytes(window));
    REQUIRE(pair.exchange());
    CHECK(pair.told.streams[id].has_ended);
}

TEST_CASE("a head that breaks a rule resets its stream, whole and nothing of it told") {
    const std::vector<MemoryServer::Fields> faults = {
        {},
        {{"x", "y"}},
        {{":status", ""}},
        {{":status", "20"}},
        {{":status", "20a"}},
        {{":status", "600"}},
        {{":status", "000"}},
        {{":status", "101"}},
        {{":status", "200"}, {":status", "200"}},
        {{"x", "y"}, {":status", "200"}},
        {{":status", "200"}, {":path", "/"}},
        {{":status", "200"}, {"x", "y"}, {":other", "z"}},
        {{":status", "200"}, {"connection", "close"}},
        {{":status", "200"}, {"keep-alive", "1"}},
        {{":status", "200"}, {"proxy-connection", "a"}},
        {{":status", "200"}, {"transfer-encoding", "chunked"}},
        {{":status", "200"}, {"upgrade", "h2c"}},
        {{":status", "200"}, {"te", "gzip"}},
        {{":status", "200"}, {"", "x"}},
        {{":status", "200"}, {"a b", "x"}},
        {{":status", "200"}, {"a:b", "x"}},
        {{":status", "200"}, {"a\r\nb", "x"}},
        {{":status", "200"}, {"x", "a\r\nb: c"}},
        {{":status", "200"}, {"x", "a\nb"}},
        {{":status", "200"}, {"x", std::string("a\0b", 3)}},
        {{":status", "200"}, {"x", " a"}},
        {{":status", "200"}, {"x", "a\x7f"}},
        {{":status", "200"}, {"content-length", "a"}},
        {{":status", "200"}, {"content-length", "-1"}},
        {{":status", "200"}, {"content-length", ""}},
        {{":status", "200"}, {"content-length", "1"}, {"content-length", "1"}},
        {{":status", "204"}, {"content-length", "1"}},
        {{":status", "103"}, {"content-length", "0"}},
        {{":status", "200"}, {"x", std::string(70'000, 'y')}},
    };
    for (const MemoryServer::Fields& fault : faults) {
        for (const bool is_trailer : {false, true}) {
            if (is_trailer && fault == MemoryServer::Fields{{"x", "y"}}) continue;
            if (is_trailer && fault.empty()) continue;
            Pair pair;
            pair.most_bytes = 100;
            const StreamId other = pair.open(post, true);
            const StreamId id = pair.open();
            REQUIRE(pair.exchange());
            if (is_trailer) {
                MemoryServer::Fields fields = fault;
                if (fields.at(0).first == ":status" && fields.size() > 1) fields.erase(fields.begin());
                const bool is_fine = fields.at(0).first == "content-length" && fields.size() == 1;
                if (is_fine) continue;
                pair.server.respond(id, ok, "abc", fields);
            } else {
                pair.server.respond(id, fault, "abc");
            }
            INFO((is_trailer ? "trailers " : "head ") << (fault.empty() ? "" : fault.back().first + "=" + fault.back().second));
            REQUIRE(pair.exchange());
            CHECK(pair.told.streams[id].heads.size() == (is_trailer ? 1 : 0));
            CHECK_FALSE(pair.told.streams[id].has_ended);
            pair.check_closed(id, Code::ProtocolError, false);
            // The others go on.
            CHECK(pair.client.takes_requests());
            pair.server.respond(other, ok, "abc");
            REQUIRE(pair.exchange());
            CHECK(pair.told.streams[other].has_ended);
        }
    }
}

TEST_CASE("upper-case names reset the stream") {
    // nghttp2 writes names in lower case: literal fields by hand.
    for (const std::string& name : {std::string("X"), std::string("x")}) {
        Pair pair;
        const StreamId id = pair.open();
        REQUIRE(pair.exchange());
        REQUIRE(pair.give(frame(1, end_headers | end_stream, id, "\x88" + std::string("\0\1", 2) + name + "\1y")));
        REQUIRE(pair.exchange());
        pair.check_closed(id, name == "x" ? Code::NoError : Code::ProtocolError, false);
    }
}

TEST_CASE("more fields than may be reset the stream, in a head and in trailers") {
    for (const std::size_t count : {std::size_t{100}, std::size_t{101}}) {
        Pair pair;
        const StreamId first = pair.open();
        const StreamId second = pair.open();
        REQUIRE(pair.exchange());
        MemoryServer::Fields many(count, {"x", "y"});
        pair.server.respond(second, ok, "a", many);
        many.insert(many.begin(), {":status", "200"});
        pair.server.respond(first, many);
        REQUIRE(pair.exchange());
        for (const StreamId id : {first, second}) pair.check_closed(id, count == 100 ? Code::NoError : Code::ProtocolError, false);
        CHECK(pair.told.streams[second].has_ended == (count == 100));
    }
}

TEST_CASE("a body of another length than the head says resets the stream") {
    for (const char* const length : {"2", "4", "0"}) {
        Pair pair;
        const StreamId id = pair.open();
        const StreamId trailed = pair.open();
        REQUIRE(pair.exchange());
        pair.server.respond(id, {{":status", "200"}, {"content-length", length}}, "abc");
        pair.server.respond(trailed, {{":status", "200"}, {"content-length", length}}, "abc", {{"x", "y"}});
        REQUIRE(pair.exchange());
        for (const StreamId one : {id, trailed}) {
            pair.check_closed(one, Code::ProtocolError, false);
            CHECK_FALSE(pair.told.streams[one].has_ended);
        }
    }
}

TEST_CASE("a body where there is none resets the stream") {
    for (const char* const status : {"204", "304", "103"}) {
        Pair pair;
        const StreamId id = pair.open();
        REQUIRE(pair.exchange());
        pair.server.respond(id, {{":status", status}}, "abc");
        REQUIRE(pair.exchange());
        pair.check_closed(id, Code::ProtocolError, false);
        CHECK(pair.told.streams[id].body.empty());
    }
}

TEST_CASE("a response is not only interim, and its trailers end it") {
    Pair pair;
    const StreamId first = pair.open();
    const StreamId second = pair.open();
    REQUIRE(pair.exchange());
    pair.server.head(first, {{":status", "103"}}, true);
    pair.server.head(second, ok);
    pair.server.head(second, {{"x", "y"}});
    REQUIRE(pair.exchange());
    pair.check_closed(first, Code::ProtocolError, false);
    pair.check_closed(second, Code::ProtocolError, false);
}

TEST_CASE("a fault is not told as a refusal that the upstream sends behind it") {
    Pair pair;
    const StreamId id = pair.open();
    REQUIRE(pair.exchange());
    REQUIRE(pair.give(frame(1, end_headers, id, "\x88" + std::string("\0\1X\1y", 5)) + frame(3, 0, id, std::string("\0\0\0\7", 4))));
    REQUIRE(pair.exchange());
    pair.check_closed(id, Code::ProtocolError, false);
}

TEST_CASE("an upstream that does not speak HTTP/2 fails the connection") {
    for (const std::string& answer : {std::string("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"), std::string(100, 'x'), frame(6, 0, 0, "12345678"),
                                      settings + frame(5, end_headers, 1, std::string("\0\0\0\2", 4) + "\x82"), settings + frame(0, 0, 0, "a"),
                                      settings + frame(1, end_headers, 7, "\x88"), settings + frame(1, end_headers, 1, "\xff\xff\xff\xff\xff\xff"),
                                      settings + frame(8, 0, 0, std::string(4, '\0')), settings + frame(7, 0, 1, std::string(8, '\0'))}) {
        Pair pair;
        const StreamId id = pair.open();
        std::string space(65536, '\0');
        REQUIRE(pair.client.take_output(space) > 24);
        const Result<void> received = pair.client.receive(answer, TimePoint{});
        REQUIRE_FALSE(received);
        CHECK(received.error().side == Side::Upstream);
        CHECK(received.error().code == ErrorCode::BadFraming);
        CHECK_FALSE(pair.client.takes_requests());
        CHECK(pair.client.free_streams() == 0);
        while (pair.client.take_output(space) != 0) {}
        CHECK(pair.client.is_over());
        CHECK(pair.client.failure());
        CHECK(pair.told.streams[id].heads.empty());
    }
}

TEST_CASE("frames that lead to nothing end the connection, and those that requests bring along do not") {
    const auto flood = [](const std::string& what) {
        Pair pair;
        const StreamId id = pair.open();
        REQUIRE(pair.exchange());
        pair.server.head(id, ok);
        REQUIRE(pair.exchange());
        Result<void> received;
        int count = 0;
        for (; received && count < 5000; ++count) received = pair.client.receive(what, TimePoint{});
        if (!received) {
            CHECK(received.error().code == ErrorCode::TooManyFrames);
            CHECK(received.error().side == Side::Upstream);
        }
        std::string space(65536, '\0');
        while (pair.client.take_output(space) != 0) {}
        if (!received) CHECK(pair.client.failure() == Code::EnhanceYourCalm);
        return count;
    };
    CHECK(flood(frame(6, 0, 0, "12345678")) < 1100);
    CHECK(flood(settings) < 1100);
    CHECK(flood(frame(8, 0, 0, std::string("\0\0\0\1", 4))) < 1100);
    CHECK(flood(frame(0, 0, 1, "")) < 1100);
    CHECK(flood(frame(200, 0, 0, "")) < 1100);
    CHECK(flood(frame(0, 8, 1, std::string("\1\0", 2))) < 1100);
}

TEST_CASE("interim heads without end, and frames of streams that are over, end the connection") {
    const std::string interim = frame(1, end_headers, 1, std::string("\x08\x03", 2) + "103");
    const std::string late_reset = frame(3, 0, 1, std::string(4, '\0'));
    const std::string late_head = frame(1, end_headers, 1, "\x88");
    for (const std::string& what : {interim, late_reset, late_head}) {
        Pair pair;
        const StreamId id = pair.open();
        REQUIRE(pair.exchange());
        if (what != interim) pair.client.reset(id, Code::Cancel);
        REQUIRE(pair.exchange());
        int count = 0;
        while (count < 5000 && pair.client.receive(what, TimePoint{})) ++count;
        CHECK(count > 150);
        CHECK(count < 1100);
    }
}

TEST_CASE("any number of requests may be answered, refused and reset") {
    Pair pair;
    for (int i = 0; i < 5000; ++i) {
        const StreamId id = pair.open(post, true);
        pair.client.send_body(id, "a", true, {});
        REQUIRE(pair.exchange());
        if (i % 3 == 0) {
            pair.server.reset(id, 7);
        } else if (i % 3 == 1) {
            pair.server.respond(id, ok, "abc");
        } else {
            pair.server.respond(id, {{":status", "200"}, {"upgrade", "a"}}, "abc");
        }
        pair.server.ping();
        REQUIRE(pair.exchange());
        REQUIRE(pair.told.streams[id].is_closed);
    }
}

TEST_CASE("an upstream may refuse everything at once") {
    Pair pair({}, true, {.fields = 100, .field_bytes = 65536, .streams = 1000});
    std::vector<StreamId> ids;
    for (int i = 0; i < 1000; ++i) ids.push_back(pair.open());
    REQUIRE(pair.exchange());
    for (const StreamId id : ids) pair.server.reset(id, 7);
    REQUIRE(pair.exchange());
    for (const StreamId id : ids) pair.check_closed(id, Code::RefusedStream, true);
    CHECK(pair.client.free_streams() == 1000);
}

TEST_CASE("an end of ours lets what is open go on, and takes nothing new") {
    Pair pair;
    const StreamId first = pair.open();
    REQUIRE(pair.exchange());
    const StreamId second = pair.open();
    pair.client.end();
    pair.client.end();
    CHECK_FALSE(pair.client.takes_requests());
    CHECK(pair.client.open(get, "http", false) == 0);
    REQUIRE(pair.exchange());
    CHECK(pair.server.goaways == std::vector<std::uint32_t>{0});
    for (const StreamId id : {first, second}) {
        CHECK_FALSE(pair.client.is_over());
        pair.server.respond(id, ok, "a");
        REQUIRE(pair.exchange());
        pair.check_closed(id, Code::NoError, false);
    }
    CHECK(pair.client.is_over());
    CHECK_FALSE(pair.client.failure());
}

TEST_CASE("an idle connection that ends is over at once") {
    Pair pair;
    REQUIRE(pair.exchange());
    CHECK_FALSE(pair.client.is_over());
    pair.client.end();
    REQUIRE(pair.exchange());
    CHECK(pair.client.is_over());
}

TEST_CASE("what can't be a request opens no stream") {
    Pair pair;
    CHECK(pair.client.open("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", "http", false) == 0);
    CHECK(pair.client.open("", "http", false) == 0);
    CHECK(pair.client.open_streams() == 0);
}

TEST_CASE("a request whose head is large goes out in several frames") {
    Pair pair;
    std::string head = "GET / HTTP/1.1\r\nHost: a\r\n";
    for (int i = 0; i < 20; ++i) head += "X-" + std::to_string(i) + ": " + bytes(4000) + "\r\n";
    const StreamId id = pair.client.open(head + "\r\n", "https", false);
    REQUIRE(pair.exchange());
    CHECK(pair.server.streams[id].has_ended);
    CHECK(pair.server.streams[id].heads.at(0).size() > 80'000);
}

TEST_CASE("what an upstream's streams tell does not depend on where the bytes are cut") {
    std::string expected;
    for (std::uint32_t seed = 0; seed < 200; ++seed) {
        Pair pair;
        pair.random = Random{seed};
        pair.most_bytes = seed == 0 ? 1 << 16 : 1 + seed % 40;
        const StreamId first = pair.open(post, true);
        const StreamId second = pair.open();
        const StreamId third = pair.open();
        const std::string body = bytes(50'000);
        pair.client.send_body(first, body, true, "X-A: 1\r\n");
        REQUIRE(pair.exchange());
        pair.server.head(first, {{":status", "103"}, {"link", "x"}});
        pair.server.respond(first, ok, bytes(40'000), {{"x-sum", "1"}});
        REQUIRE(pair.exchange());
        pair.server.respond(second, {{":status", "200"}, {"upgrade", "x"}}, "abc");
        REQUIRE(pair.exchange());
        pair.server.respond(third, {{":status", "204"}});
        REQUIRE(pair.exchange());
        std::string found = pair.told.order + pair.server.streams[first].body + pair.server.streams[first].heads.back();
        for (const StreamId id : {first, second, third}) {
            const Told::Stream& seen = pair.told.streams[id];
            for (const std::string& head : seen.heads) found += head;
            found += seen.body + seen.trailers + std::to_string(static_cast<int>(seen.code));
        }
        if (seed == 0) expected = found;
        REQUIRE(found == expected);
    }
    CHECK(expected.starts_with("head head end closed closed head closed "));
}
