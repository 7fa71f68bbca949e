#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fuzz/require.hpp"
#include "fuzz/splits.hpp"
#include "http2/server_connection.hpp"

// Properties: whatever a client sends, events come in order and only for streams that live; a request is one head of HTTP/1.1 and
// nothing behind it; trailers are lines; what a client can make wait is bounded by the windows and the limits. Requests are
// answered in every way, so that responses meet resets and windows of any kind.

namespace {

using namespace sluice;
using fuzz::require;
using http2::StreamId;

constexpr std::string_view preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr std::size_t connection_window = 1 << 20;

struct Served {
    std::string head;
    std::size_t unconsumed = 0;
    int pieces_left = 0;
    bool has_ended = false;
    bool is_answered = false;
    bool is_taken = true;
};

struct Server final : http2::ServerEvents {
    std::map<StreamId, Served> streams;
    std::vector<std::pair<StreamId, std::size_t>> left;
    std::size_t unconsumed = 0;

    Served& known(StreamId id) {
        const auto found = streams.find(id);
        require(found != streams.end(), "an event is for a stream that lives");
        return found->second;
    }
    void begin(StreamId id, std::string head, bool has_body) {
        require(streams.emplace(id, Served{std::move(head), 0, 0, !has_body, false, true}).second, "a stream begins once");
        require(streams.size() <= http2::Limits{}.streams, "no more streams than may be");
    }
    void on_request(StreamId id, PooledString head, bool has_body, std::string) override {
        require(head.find("\r\n\r\n") == head.size() - 4, "a request is one head");
        require(head.find(" HTTP/1.1\r\n") < head.find("\r\n"), "a request line");
        require(head.find("\r\nhost: ") != std::string::npos, "a host");
        require(head.find('\0') == std::string::npos, "no NUL in a head");
        begin(id, std::string(head), has_body);
    }
    void on_refused(StreamId id, Error error, bool has_body) override {
        require(error.side == Side::Client, "a refusal is the client's fault");
        begin(id, {}, has_body);
    }
    void on_body(StreamId id, std::string_view data) override {
        Served& served = known(id);
        require(!served.has_ended, "no body behind its end");
        served.unconsumed += data.size();
        unconsumed += data.size();
        require(unconsumed <= connection_window, "no more waits than the window");
    }
    void on_body_end(StreamId id, std::string trailers) override {
        Served& served = known(id);
        require(!served.has_ended, "a body ends once");
        require(trailers.empty() || trailers.ends_with("\r\n"), "trailers are lines");
        require(trailers.find("\r\n\r\n") == std::string::npos, "trailers are not empty lines");
        served.has_ended = true;
    }
    void on_progress(http2::StreamId) override {}
    void on_taken(StreamId id) override { known(id).is_taken = true; }
    void on_closed(StreamId id, http2::Code) override {
        const auto found = streams.find(id);
        if (found == streams.end()) return;  // It was refused before it was told.
        left.emplace_back(id, found->second.unconsumed);
        streams.erase(found);
    }
};

const std::string body(3000, 'b');

void begin_answer(http2::ServerConnection& connection, StreamId id, Served& served) {
    const auto way = static_cast<std::uint32_t>(id) / 2 % 8;
    served.is_answered = true;
    if (way == 1) connection.send_interim(id, 103, "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n");
    if (way == 2) {
        connection.reset(id, http2::Code::InternalError);
    } else if (way == 3 || way == 4) {
        connection.send_head(id, 204, "HTTP/1.1 204 No Content\r\nX-Status: a\r\n\r\n", false);
        if (way == 4) connection.stop_request(id);
    } else if (way != 5) {
        served.pieces_left = static_cast<int>(way) + 1;
        connection.send_head(id, 200, "HTTP/1.1 200 OK\r\nContent-Type: a\r\nConnection: close\r\n\r\n", true);
    }
}

void go_on(http2::ServerConnection& connection, Server& server) {
    std::vector<StreamId> all;
    for (const auto& [id, served] : server.streams) all.push_back(id);
    for (const StreamId id : all) {
        const auto found = server.streams.find(id);
        if (found == server.streams.end()) continue;
        Served& served = found->second;
        if (!served.is_answered) begin_answer(connection, id, served);
        if (served.pieces_left != 0 && served.is_taken) {
            served.is_taken = false;
            const bool is_last = --served.pieces_left == 0;
            connection.send_body(id, std::string_view(body).substr(0, static_cast<std::size_t>(id) * 700 % body.size()), is_last,
                                 is_last && id % 3 == 0 ? "X-Sum: 1\r\n" : "");
            if (is_last && id % 5 == 0) connection.stop_request(id);
        }
        // Some never take their body.
        if (id % 7 != 0) {
            server.unconsumed -= served.unconsumed;
            connection.consume(id, std::exchange(served.unconsumed, 0));
        }
    }
    for (const auto& [id, bytes] : std::exchange(server.left, {})) {
        server.unconsumed -= bytes;
        connection.consume(id, bytes);
    }
}

void play(std::string_view input, const std::vector<std::size_t>& cuts) {
    Server server;
    http2::ServerConnection connection(server, http2::Limits{}, TimePoint{});
    std::size_t begin = 0;
    std::size_t sent = 0;
    bool goes_on = true;
    for (std::size_t piece = 0; goes_on && piece <= cuts.size(); ++piece) {
        const std::size_t end = piece < cuts.size() ? cuts[piece] : input.size();
        goes_on = connection.receive(input.substr(begin, end - begin), TimePoint{}).has_value();
        begin = end;
        for (int round = 0; round < 20; ++round) {
            go_on(connection, server);
            char space[5000];
            const std::size_t size = connection.take_output(space);
            sent += size;
            if (size == 0) break;
        }
        if (piece == 1) connection.announce_end();
        if (piece == 2) connection.refuse_new();
    }
    require(sent <= 20000 + 30 * input.size() + server.streams.size() * 30000 + input.size() / 9 * 25000, "answers are in proportion");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    std::string input(reinterpret_cast<const char*>(bytes), size);
    // Nearly all mutations would stop at the preface.
    if (!input.starts_with("PRI")) input.insert(0, preface);
    play(input, fuzz::split_places(input));
    return 0;
}
