// What a request of HTTP/2 and its small answer cost in memory, without a socket: by nghttp2 alone, which no gateway on nghttp2 can go
// below, and by ServerConnection, which is nghttp2 with our rules and texts.

#include <benchmark/benchmark.h>
#include <nghttp2/nghttp2.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/memory_pool.hpp"
#include "http2/nghttp2_session.hpp"
#include "http2/server_connection.hpp"

namespace {

using namespace sluice;
using namespace sluice::http2;

/// As many as a client with 100 streams sends in one go.
constexpr int batch = 100;
constexpr std::string_view body = "hello world";
constexpr std::string_view head = "HTTP/1.1 200 OK\r\nDate: Mon, 30 Nov 2026 00:00:00 GMT\r\nContent-Type: text/plain\r\nContent-Length: 11\r\n\r\n";

void append_frame(std::string& out, std::uint8_t type, std::uint8_t flags, std::uint32_t stream, std::string_view payload) {
    const auto size = static_cast<std::uint32_t>(payload.size());
    for (const std::uint32_t byte : {size >> 16, size >> 8, size, std::uint32_t{type}, std::uint32_t{flags}, stream >> 24, stream >> 16, stream >> 8, stream}) {
        out += static_cast<char>(byte & 0xFF);
    }
    out += payload;
}

/// Requests as h2load sends them: the first puts its fields into HPACK's table, the others are five bytes each.
class Requests {
public:
    Requests() {
        out_ = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
        append_frame(out_, NGHTTP2_SETTINGS, NGHTTP2_FLAG_NONE, 0, {});
        // :method GET, :scheme https; then with a name of the static table each: :path, :authority, user-agent.
        add("\x82\x87\x44\x07/direct\x41\x0elocalhost:9443\x7a\x0dh2load/1.52.0");
    }

    /// All that has not been sent, and a batch more; the answers so far have been taken.
    std::string next_batch() {
        for (int i = 0; i < batch; ++i) add("\x82\x87\xc0\xbf\xbe");
        constexpr std::uint32_t window = (batch + 1) * body.size();
        const std::array<char, 4> increment{0, 0, static_cast<char>(window >> 8), static_cast<char>(window & 0xFF)};
        append_frame(out_, NGHTTP2_WINDOW_UPDATE, NGHTTP2_FLAG_NONE, 0, {increment.data(), increment.size()});
        return std::exchange(out_, {});
    }

private:
    void add(std::string_view fields) {
        append_frame(out_, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, stream_, fields);
        stream_ += 2;
    }

    std::string out_;
    std::uint32_t stream_ = 1;
};

nghttp2_nv field(std::string_view name, std::string_view value) {
    const auto bytes = [](std::string_view text) { return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data())); };
    return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

/// Answers each request once it is there, and keeps nothing of it.
struct Alone {
    std::vector<std::int32_t> requests;
    std::size_t field_bytes = 0;
    Session session;

    Alone() {
        nghttp2_session_callbacks* made = nullptr;
        nghttp2_session_callbacks_new(&made);
        const Callbacks callbacks(made);
        nghttp2_session_callbacks_set_on_header_callback(made, [](nghttp2_session*, const nghttp2_frame*, const std::uint8_t*, std::size_t name,
                                                                  const std::uint8_t*, std::size_t value, std::uint8_t, void* user) {
            static_cast<Alone*>(user)->field_bytes += name + value;
            return 0;
        });
        nghttp2_session_callbacks_set_on_frame_recv_callback(made, [](nghttp2_session*, const nghttp2_frame* frame, void* user) {
            if (frame->hd.type == NGHTTP2_HEADERS) static_cast<Alone*>(user)->requests.push_back(frame->hd.stream_id);
            return 0;
        });
        nghttp2_session* raw = nullptr;
        nghttp2_session_server_new3(&raw, callbacks.get(), this, nullptr, pooled_memory());
        session.reset(raw);
        nghttp2_submit_settings(raw, NGHTTP2_FLAG_NONE, nullptr, 0);
    }

    void answer() {
        static constexpr auto give = [](nghttp2_session*, std::int32_t, std::uint8_t* space, std::size_t, std::uint32_t* flags, nghttp2_data_source*,
                                        void*) -> ssize_t {
            body.copy(reinterpret_cast<char*>(space), body.size());
            *flags |= NGHTTP2_DATA_FLAG_EOF;
            return static_cast<ssize_t>(body.size());
        };
        const nghttp2_data_provider source{{}, give};
        const std::array fields{field(":status", "200"), field("date", "Mon, 30 Nov 2026 00:00:00 GMT"), field("content-type", "text/plain"),
                                field("content-length", "11")};
        for (const std::int32_t stream : requests) nghttp2_submit_response(session.get(), stream, fields.data(), fields.size(), &source);
        requests.clear();
    }
};

void nghttp2_alone(benchmark::State& state) {
    const MemoryPool pool;
    Alone server;
    Requests requests;
    for (auto _ : state) {
        state.PauseTiming();
        const std::string input = requests.next_batch();
        state.ResumeTiming();
        const auto used = nghttp2_session_mem_recv(server.session.get(), reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
        if (used != static_cast<ssize_t>(input.size())) {
            state.SkipWithError("nghttp2 refused the input");
            break;
        }
        server.answer();
        const std::uint8_t* output = nullptr;
        while (nghttp2_session_mem_send(server.session.get(), &output) > 0) benchmark::DoNotOptimize(output);
    }
    state.SetItemsProcessed(state.iterations() * batch);
}
BENCHMARK(nghttp2_alone);

class Answering final : public ServerEvents {
public:
    void on_request(StreamId stream, PooledString text, bool, std::string) override {
        benchmark::DoNotOptimize(text.data());
        requests_.push_back(stream);
    }
    void on_refused(StreamId, Error, bool) override { has_failed_ = true; }
    void on_body(StreamId, std::string_view) override {}
    void on_body_end(StreamId, std::string) override {}
    void on_progress(StreamId) override {}
    void on_taken(StreamId) override {}
    void on_closed(StreamId stream, Code) override { closed_.push_back(stream); }

    void answer(ServerConnection& connection) {
        for (const StreamId stream : requests_) {
            connection.send_head(stream, 200, head, true);
            connection.send_body(stream, body, true, {});
        }
        requests_.clear();
    }
    void forget(ServerConnection& connection) {
        for (const StreamId stream : closed_) connection.forget(stream);
        closed_.clear();
    }
    [[nodiscard]] bool has_failed() const { return has_failed_; }

private:
    std::vector<StreamId> requests_;
    std::vector<StreamId> closed_;
    bool has_failed_ = false;
};

void server_connection(benchmark::State& state) {
    const MemoryPool pool;
    Answering events;
    ServerConnection connection(events, {.streams = 2 * batch}, TimePoint{});
    Requests requests;
    std::vector<char> output(std::size_t{64} * 1024);
    for (auto _ : state) {
        state.PauseTiming();
        const std::string input = requests.next_batch();
        state.ResumeTiming();
        const Result<void> received = connection.receive(input, TimePoint{});
        if (!received || events.has_failed()) {
            state.SkipWithError(received ? "a request was refused" : received.error().context().c_str());
            break;
        }
        events.answer(connection);
        while (connection.take_output(output) != 0) benchmark::DoNotOptimize(output.data());
        events.forget(connection);
    }
    state.SetItemsProcessed(state.iterations() * batch);
}
BENCHMARK(server_connection);

}  // namespace

BENCHMARK_MAIN();
