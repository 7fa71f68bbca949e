#include "net/stream.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <functional>
#include <future>
#include <string>

#include "net/dialer.hpp"
#include "net/listener.hpp"
#include "net/task.hpp"
#include "net/worker.hpp"

using namespace sluice;
using namespace sluice::net;
using namespace std::chrono_literals;

namespace {

/// A worker with a listener on loopback, and a connected pair of streams on it for each test.
class Loopback {
public:
    Loopback() {
        std::array<Worker*, 1> workers{&worker_};
        auto opened = Listener::open({platform::AddressFamily::Ipv4, "127.0.0.1", 0}, 16, workers);
        REQUIRE(opened);
        listener_ = std::move(*opened);
        worker_.start([] {});
    }

    /// Runs a test's coroutine on the worker with both ends of a connection; returns when it has ended.
    void run(std::function<Task<void>(Stream&, Stream&)> body) {
        body_ = std::move(body);
        const auto started = listener_->start([this](Worker&, platform::Accepted accepted) {
            server_ = Stream(worker_, accepted.socket.release());
            accepted_.set();
        });
        REQUIRE(started);
        worker_.post([this] { spawn(connect_and_run()); });
        REQUIRE(done_.get_future().wait_for(10s) == std::future_status::ready);
        listener_->stop();
        worker_.stop();
        worker_.join();
    }

private:
    Task<void> connect_and_run() {
        const Destination destination{Destination::Kind::Ipv4, "127.0.0.1", listener_->address().port};
        Result<Stream> client = co_await dial(worker_, destination, worker_.now() + 5s);
        if (client) {
            co_await accepted_;
            co_await body_(*client, server_);
            server_ = Stream();
        }
        done_.set_value();
    }

    Worker worker_{0, 1};
    std::unique_ptr<Listener> listener_;
    std::function<Task<void>(Stream&, Stream&)> body_;
    Event accepted_;
    Stream server_;
    std::promise<void> done_;
};

struct Outcome {
    bool ok = false;
    std::size_t bytes = 0;
    ErrorCode code = ErrorCode::Internal;
    std::string text;
};

Outcome outcome_of(const Result<std::size_t>& got) {
    if (got) return {true, *got, {}, {}};
    return {false, 0, got.error().code, {}};
}

Task<void> write_then_read(Stream& client, Stream& server, Outcome& out) {
    const Result<void> sent = co_await client.write({"hello ", "world"});
    std::array<char, 64> space{};
    const Result<std::size_t> got = co_await server.read(space);
    out = outcome_of(got);
    out.ok = out.ok && sent;
    out.text.assign(space.data(), out.bytes);
}

/// Reads a byte at a time what is all there; how many until something else of the worker had its turn.
Task<void> read_bytes(Stream& client, Stream& server, std::size_t& reads) {
    const std::string text(1000, 'x');
    static_cast<void>(co_await client.write(net::Pieces(text)));
    bool had_turn = false;
    client.worker().post([&had_turn] { had_turn = true; });
    std::array<char, 1> space{};
    while (!had_turn && reads < text.size()) {
        const Result<std::size_t> got = co_await server.read(space);
        if (!got || *got == 0) break;
        ++reads;
    }
    // What was posted must not come later.
    while (!had_turn) static_cast<void>(co_await server.read(space));
}

Task<void> close_then_read(Stream& client, Stream& server, Outcome& out) {
    client.shutdown_send();
    std::array<char, 64> space{};
    const Result<std::size_t> got = co_await server.read(space);
    out = outcome_of(got);
}

Task<void> read_until_deadline(Stream& client, Stream& server, Outcome& out) {
    server.set_read_deadline(client.worker().now() + 30ms);
    std::array<char, 64> space{};
    const Result<std::size_t> got = co_await server.read(space);
    out = outcome_of(got);
}

Task<void> abort_after(Stream& stream, Event& started) {
    co_await started;
    stream.abort();
}

Task<void> read_until_abort(Stream&, Stream& server, Outcome& out) {
    Event started;
    spawn(abort_after(server, started));
    server.worker().post([&started] { started.set(); });
    std::array<char, 64> space{};
    const Result<std::size_t> got = co_await server.read(space);
    out = outcome_of(got);
}

Task<void> drain(Stream& stream, std::size_t bytes, Event& done) {
    std::array<char, 4096> space{};
    for (std::size_t left = bytes; left > 0;) {
        const Result<std::size_t> got = co_await stream.read(space);
        if (!got || *got == 0) break;
        left -= *got;
    }
    done.set();
}

Task<void> write_much(Stream& client, Stream& server, Outcome& out) {
    const std::string much(std::size_t{32} * 1024 * 1024, 'x');
    Event drained;
    spawn(drain(server, much.size(), drained));
    const Result<void> sent = co_await client.write(std::string_view(much));
    out.ok = sent.has_value();
    co_await drained;
    out.bytes = client.bytes_written();
}

Task<void> write_to_nobody(Stream& client, Stream&, Outcome& out) {
    const std::string much(std::size_t{64} * 1024 * 1024, 'x');
    client.set_write_stall_limit(50ms);
    const Result<void> sent = co_await client.write(std::string_view(much));
    if (!sent) out.code = sent.error().code;
    out.ok = sent.has_value();
}

}  // namespace

TEST_CASE("A stream delivers what its peer wrote in several pieces", "[net]") {
    Outcome out;
    Loopback().run([&](Stream& client, Stream& server) { return write_then_read(client, server, out); });
    CHECK(out.ok);
    CHECK(out.text == "hello world");
}

TEST_CASE("A read yields 0 bytes when the peer has ended its sending", "[net]") {
    Outcome out{false, 99, {}, {}};
    Loopback().run([&](Stream& client, Stream& server) { return close_then_read(client, server, out); });
    CHECK(out.ok);
    CHECK(out.bytes == 0);
}

TEST_CASE("A read fails with TimedOut when its deadline passes", "[net]") {
    Outcome out;
    Loopback().run([&](Stream& client, Stream& server) { return read_until_deadline(client, server, out); });
    CHECK_FALSE(out.ok);
    CHECK(out.code == ErrorCode::TimedOut);
}

TEST_CASE("A waiting read fails with Cancelled when its stream is aborted", "[net]") {
    Outcome out;
    Loopback().run([&](Stream& client, Stream& server) { return read_until_abort(client, server, out); });
    CHECK_FALSE(out.ok);
    CHECK(out.code == ErrorCode::Cancelled);
}

TEST_CASE("A write larger than the system's buffers waits for its reader and arrives whole", "[net]") {
    Outcome out;
    Loopback().run([&](Stream& client, Stream& server) { return write_much(client, server, out); });
    CHECK(out.ok);
    CHECK(out.bytes == std::size_t{32} * 1024 * 1024);
}

TEST_CASE("A write fails with TimedOut when the peer takes nothing for the stall limit", "[net]") {
    Outcome out;
    Loopback().run([&](Stream& client, Stream& server) { return write_to_nobody(client, server, out); });
    CHECK_FALSE(out.ok);
    CHECK(out.code == ErrorCode::TimedOut);
}

TEST_CASE("A stream that always has something to read leaves others their turn", "[net]") {
    Loopback loopback;
    std::size_t reads = 0;
    loopback.run([&](Stream& client, Stream& server) { return read_bytes(client, server, reads); });
    CHECK(reads > 1);
    CHECK(reads < 1000);
}
