#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fuzz/require.hpp"
#include "fuzz/splits.hpp"
#include "http2/client_connection.hpp"

// Properties: whatever an upstream sends, events come in order and only for streams that are open and not forgotten; a response is heads
// of HTTP/1.1 and nothing behind each; trailers are lines; what an upstream can make wait is bounded by the windows; only what has not
// been answered is untouched. Requests of all kinds go out, some are reset or forgotten on the way.

namespace {

using namespace sluice;
using fuzz::require;
using http2::StreamId;

constexpr std::string_view settings("\0\0\0\4\0\0\0\0\0", 9);
constexpr std::size_t connection_window = 1 << 20;
constexpr std::size_t stream_window = 256 * 1024;
constexpr http2::ClientLimits limits{.fields = 20, .field_bytes = 2000, .streams = 7};

struct Asked {
    std::size_t unconsumed = 0;
    int pieces_left = 0;
    int heads = 0;
    bool has_final_head = false;
    bool has_ended = false;
    bool is_taken = true;
    bool is_reset = false;
};

struct Client final : http2::ClientEvents {
    std::map<StreamId, Asked> streams;
    std::vector<std::pair<StreamId, std::size_t>> left;
    std::size_t unconsumed = 0;

    Asked& known(StreamId id) {
        const auto found = streams.find(id);
        require(found != streams.end(), "an event is for a stream that is open");
        require(!found->second.is_reset, "nothing is told of a reset stream but its end");
        return found->second;
    }
    void on_head(StreamId id, std::string head, bool is_last) override {
        Asked& asked = known(id);
        require(!asked.has_final_head, "no head behind the final one");
        require(head.starts_with("HTTP/1.1 ") && head.find(" \r\n") == 12, "a status line");
        require(head.find("\r\n\r\n") == head.size() - 4, "a response is one head");
        require(head.find('\0') == std::string::npos, "no NUL in a head");
        require(head.size() < limits.field_bytes + 100, "no head above the limit");
        require(head[9] >= '1' && head[9] <= '5', "a status of HTTP");
        ++asked.heads;
        asked.has_final_head = head[9] != '1';
        require(!is_last || asked.has_final_head, "an interim head is not the last");
        asked.has_ended = is_last;
    }
    void on_body(StreamId id, std::string_view data) override {
        Asked& asked = known(id);
        require(asked.has_final_head && !asked.has_ended, "a body stands between its head and its end");
        asked.unconsumed += data.size();
        unconsumed += data.size();
        require(asked.unconsumed <= stream_window && unconsumed <= connection_window, "no more waits than the windows");
    }
    void on_body_end(StreamId id, std::string trailers) override {
        Asked& asked = known(id);
        require(asked.has_final_head && !asked.has_ended, "a body ends once");
        require(trailers.empty() || trailers.ends_with("\r\n"), "trailers are lines");
        require(trailers.find("\r\n\r\n") == std::string::npos && !trailers.starts_with("\r\n"), "trailers are not empty lines");
        asked.has_ended = true;
    }
    void on_progress(StreamId id) override { require(!known(id).is_taken, "only what is there is taken"); }
    void on_taken(StreamId id) override {
        require(!known(id).is_taken, "a piece is taken once");
        known(id).is_taken = true;
    }
    void on_closed(StreamId id, http2::Code, bool is_untouched) override {
        const auto found = streams.find(id);
        require(found != streams.end(), "a stream ends once");
        require(!is_untouched || (found->second.heads == 0 && !found->second.is_reset), "what is answered is not untouched");
        forget(id);
    }
    void forget(StreamId id) {
        const auto found = streams.find(id);
        left.emplace_back(id, found->second.unconsumed);
        streams.erase(found);
    }
};

const std::string body(3000, 'b');

void ask(http2::ClientConnection& connection, Client& client, int& asked) {
    while (connection.free_streams() != 0 && asked < 40) {
        const int way = asked++ % 4;
        const bool has_body = way == 1 || way == 3;
        const std::string_view head = way == 0   ? "GET /a?b HTTP/1.1\r\nHost: a\r\nX-A: 1\r\n\r\n"
                                      : way == 2 ? "HEAD / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\n\r\n"
                                                 : "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
        const StreamId id = connection.open(head, "http", has_body);
        require(id > 0, "a free stream can be opened");
        client.streams[id].pieces_left = has_body ? way + 1 : 0;
    }
    require(connection.open_streams() == client.streams.size(), "as many are open as the owner knows");
    require(connection.open_streams() <= limits.streams, "no more streams than the limit");
}

void go_on(http2::ClientConnection& connection, Client& client) {
    std::vector<StreamId> all;
    for (const auto& [id, asked] : client.streams) all.push_back(id);
    for (const StreamId id : all) {
        Asked& asked = client.streams.find(id)->second;
        if (asked.pieces_left != 0 && asked.is_taken && !asked.is_reset) {
            asked.is_taken = false;
            const bool is_last = --asked.pieces_left == 0;
            connection.send_body(id, std::string_view(body).substr(0, static_cast<std::size_t>(id) * 700 % body.size()), is_last,
                                 is_last && id % 3 == 0 ? "X-Sum: 1\r\n" : "");
        }
        // Some never take their body.
        if (id % 7 != 0) {
            client.unconsumed -= asked.unconsumed;
            connection.consume(id, std::exchange(asked.unconsumed, 0));
        }
        if (id % 11 == 0 && asked.heads != 0 && !asked.is_reset) {
            asked.is_reset = true;
            connection.reset(id, http2::Code::Cancel);
        } else if (id % 13 == 0 && (asked.has_final_head || id % 26 != 0)) {
            connection.forget(id);
            client.forget(id);
        }
    }
    for (const auto& [id, bytes] : std::exchange(client.left, {})) {
        client.unconsumed -= bytes;
        connection.consume(id, bytes);
    }
}

void play(std::string_view input, const std::vector<std::size_t>& cuts) {
    Client client;
    http2::ClientConnection connection(client, limits, TimePoint{});
    std::size_t begin = 0;
    std::size_t sent = 0;
    int asked = 0;
    bool goes_on = true;
    for (std::size_t piece = 0; goes_on && piece <= cuts.size(); ++piece) {
        const std::size_t end = piece < cuts.size() ? cuts[piece] : input.size();
        // One time in two some requests have not gone out when the bytes come.
        ask(connection, client, asked);
        char space[5000];
        if (input.size() % 2 == 0) sent += connection.take_output(space);
        goes_on = connection.receive(input.substr(begin, end - begin), TimePoint{}).has_value();
        require(goes_on || (!connection.takes_requests() && connection.free_streams() == 0), "nothing is asked behind a failure");
        begin = end;
        for (int round = 0; round < 20; ++round) {
            go_on(connection, client);
            const std::size_t size = connection.take_output(space);
            sent += size;
            if (size == 0) break;
        }
        if (piece == 2) connection.end();
    }
    require(sent <= 20000 + 30 * input.size() + static_cast<std::size_t>(asked) * 15000, "what goes out is in proportion");
    for (int round = 0; round < 200 && !goes_on; ++round) {
        char space[5000];
        if (connection.take_output(space) == 0) break;
    }
    require(goes_on || connection.is_over(), "a failure is the end");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    std::string input(reinterpret_cast<const char*>(bytes), size);
    // Nearly all mutations would stop at the first frame.
    if (input.size() < settings.size() || input[3] != '\4') input.insert(0, settings);
    play(input, fuzz::split_places(input));
    return 0;
}
