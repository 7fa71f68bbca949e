#include "net/stream.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <functional>
#include <future>
#include <span>
#include <string>
#include <vector>

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

    [[nodiscard]] std::uint16_t port() const { return listener_->address().port; }

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

Task<void> write_two_kilobytes(Stream& stream) {
    const std::string text(2048, 'x');
    static_cast<void>(co_await stream.write(net::Pieces(text)));
}

Task<void> write_then_read(Stream& client, Stream& server, Outcome& out) {
    const Result<void> sent = co_await client.write({"hello ", "world"});
    std::array<char, 64> space{};
    const Result<std::size_t> got = co_await server.read(space);
    out = outcome_of(got);
    out.ok = out.ok && sent;
    out.text.assign(space.data(), out.bytes);
}

/// Waits for input with an empty buffer, whose block is looked for before and after.
Task<void> read_into_a_buffer(Stream& client, Stream& server, std::size_t& lent_while_waiting, Outcome& out) {
    Worker& worker = server.worker();
    worker.post([&] {
        lent_while_waiting = worker.buffers().lent_bytes();
        spawn(write_two_kilobytes(client));
    });
    Buffer buffer;
    const Result<std::size_t> got = co_await server.read(buffer, 1024);
    out = outcome_of(got);
    out.text.assign(buffer.data(), out.bytes);
    Buffer rest;
    const Result<std::size_t> more = co_await server.read(rest, 4096);
    out.bytes += more.value_or(0);
}

Task<void> time_out_with_a_buffer(Stream&, Stream& server, Outcome& out, bool& has_block) {
    Buffer buffer;
    server.set_read_deadline(server.worker().now() + 20ms);
    const Result<std::size_t> got = co_await server.read(buffer);
    out = outcome_of(got);
    has_block = static_cast<bool>(buffer);
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

Task<void> read_to_end(Stream& stream, Outcome& out, Event& done) {
    std::array<char, 64> space{};
    for (;;) {
        stream.set_read_deadline(stream.worker().now() + 2s);
        const Result<std::size_t> got = co_await stream.read(space);
        const std::string text = out.text;
        out = outcome_of(got);
        out.text = text + std::string(space.data(), out.bytes);
        if (!got || *got == 0) break;
    }
    done.set();
}

/// As tunnels read: they wait without a buffer.
Task<void> wait_and_read_to_end(Stream& stream, Outcome& out, Event& done) {
    std::array<char, 64> space{};
    for (;;) {
        stream.set_read_deadline(stream.worker().now() + 2s);
        const Result<void> ready = co_await stream.readable();
        if (!ready) break;
        const Result<std::optional<std::size_t>> got = stream.try_read(space);
        if (got && !got->has_value()) continue;
        out.ok = got.has_value();
        if (!got || **got == 0) break;
        out.text.append(space.data(), **got);
    }
    done.set();
}

using ReadToEnd = Task<void> (*)(Stream&, Outcome&, Event&);

Task<void> write_and_end_at_once(Stream& client, Stream& server, Outcome& out, ReadToEnd read) {
    Event done;
    spawn(read(server, out, done));
    static_cast<void>(co_await client.write(Pieces("last words")));
    client.shutdown_send();
    co_await done;
}

Task<void> reset_while_read(Stream& client, Stream& server, Outcome& out) {
    Event done;
    spawn(read_to_end(server, out, done));
    client.reset_on_close();
    client = Stream();
    co_await done;
}

/// Writes, and hands on what arrives of it at the other end from there to where it began, through a pipe, `most_bytes` at a time.
Task<void> splice_back(Stream& client, Stream& server, std::string_view text, std::size_t most_bytes, Outcome& out) {
    static_cast<void>(co_await client.write(Pieces(text)));
    std::size_t left = text.size();
    while (left != 0) {
        SplicePipes::Lent pipe;
        const Result<std::size_t> got = co_await server.splice_in(pipe, most_bytes);
        if (!got || !pipe || *got > most_bytes || *got != pipe->held_bytes()) co_return;
        left -= *got;
        const Result<void> sent = co_await server.splice_out(*pipe);
        if (!sent) co_return;
    }
    server.shutdown_send();
    Event done;
    spawn(read_to_end(client, out, done));
    co_await done;
}

Task<void> splice_to_nobody(Stream& client, Stream& server, Outcome& out) {
    const std::string piece(std::size_t{32} * 1024, 'x');
    server.set_write_stall_limit(50ms);
    for (;;) {
        static_cast<void>(co_await client.write(std::string_view(piece)));
        SplicePipes::Lent pipe;
        const Result<std::size_t> got = co_await server.splice_in(pipe, piece.size());
        if (!got || !pipe) co_return;
        const Result<void> sent = co_await server.splice_out(*pipe);
        if (sent) continue;
        out.code = sent.error().code;
        out.bytes = pipe->held_bytes();
        co_return;
    }
}

/// Reads an end so: what to do about it is left to a read.
Task<void> splice_the_end(Stream& client, Stream& server, Outcome& out, bool& has_pipe) {
    client.shutdown_send();
    SplicePipes::Lent pipe;
    const Result<std::size_t> got = co_await server.splice_in(pipe, 100);
    out = outcome_of(got);
    has_pipe = static_cast<bool>(pipe);
}

Task<void> cancel_reader(Stream& stream) {
    stream.cancel_read();
    co_return;
}

/// Waits to splice without a pipe, until the wait is cancelled or its time is over.
Task<void> wait_to_splice(Stream&, Stream& server, bool is_cancelled, bool& may_have_all, Outcome& out) {
    Worker& worker = server.worker();
    worker.post([&server, &worker, &may_have_all, is_cancelled] {
        std::vector<SplicePipes::Lent> lent;
        for (std::size_t i = 0; i < SplicePipes::most; ++i) lent.push_back(worker.splice_pipes().take(worker.now()));
        may_have_all = lent.back() != nullptr;
        if (is_cancelled) spawn(cancel_reader(server));
    });
    SplicePipes::Lent pipe;
    server.set_read_deadline(worker.now() + 50ms);
    const Result<std::size_t> got = co_await server.splice_in(pipe, 100);
    out = outcome_of(got);
}

Task<void> splice_when_aborted(Stream& client, Stream& server, Outcome& out) {
    static_cast<void>(co_await client.write(Pieces("some bytes")));
    SplicePipes::Lent pipe;
    static_cast<void>(co_await server.splice_in(pipe, 100));
    server.abort();
    const Result<void> sent = co_await server.splice_out(*pipe);
    SplicePipes::Lent other;
    const Result<std::size_t> in = co_await server.splice_in(other, 100);
    out.ok = !in && in.error().code == ErrorCode::Cancelled && !sent && sent.error().code == ErrorCode::Cancelled;
}

struct Watcher final : public StreamWatcher {
    void on_unawaited_input() override {
        ++calls;
        told.set();
    }
    int calls = 0;
    Event told;
};

Task<void> read_once(Stream& stream, std::span<char> space, Event& done) {
    static_cast<void>(co_await stream.read(space));
    done.set();
}

/// The end of input comes in one event with the bytes that are read.
Task<void> watch_for_end(Stream& client, Stream& server, Watcher& watcher, int& calls_at_once) {
    Event done;
    std::array<char, 64> space{};
    spawn(read_once(server, space, done));
    static_cast<void>(co_await client.write(Pieces("last words")));
    client.shutdown_send();
    co_await done;
    server.watch(&watcher);
    calls_at_once = watcher.calls;
    co_await watcher.told;
}

Task<void> wait_for(Stream& stream, Duration time) {
    std::array<char, 1> space{};
    stream.set_read_deadline(stream.worker().now() + time);
    static_cast<void>(co_await stream.read(space));
}

/// What was read filled the space, so that there might have been more.
Task<void> watch_after_all_is_read(Stream& client, Stream& server, Watcher& watcher, int& calls_before) {
    Event done;
    std::array<char, 4> space{};
    spawn(read_once(server, space, done));
    static_cast<void>(co_await client.write(Pieces("four")));
    co_await done;
    server.watch(&watcher);
    co_await wait_for(client, 50ms);
    calls_before = watcher.calls;
    static_cast<void>(co_await client.write(Pieces("more")));
    co_await watcher.told;
}

Task<void> watch_what_is_unread(Stream& client, Stream& server, Watcher& watcher) {
    Event done;
    std::array<char, 2> space{};
    spawn(read_once(server, space, done));
    static_cast<void>(co_await client.write(Pieces("four")));
    co_await done;
    server.watch(&watcher);
    co_await watcher.told;
}

Task<void> dial_nobody(Stream& client, Outcome& out) {
    std::uint16_t port = 0;
    {
        std::array<Worker*, 1> workers{&client.worker()};
        const auto opened = Listener::open({platform::AddressFamily::Ipv4, "127.0.0.1", 0}, 16, workers);
        if (!opened) co_return;
        port = (*opened)->address().port;
    }
    const Destination destination{Destination::Kind::Ipv4, "127.0.0.1", port};
    const Result<Stream> stream = co_await dial(client.worker(), destination, client.worker().now() + 5s);
    out.ok = stream.has_value();
    if (!stream) out.code = stream.error().code;
}

Task<void> close_the_other_and_dial(Stream& client, Stream& server, std::uint16_t port, Outcome& out, Event& done) {
    std::array<char, 64> space{};
    static_cast<void>(co_await client.read(space));
    server = Stream();
    const Destination destination{Destination::Kind::Ipv4, "127.0.0.1", port};
    Result<Stream> next = co_await dial(client.worker(), destination, client.worker().now() + 5s);
    if (next) {
        next->set_read_deadline(client.worker().now() + 50ms);
        const Result<std::size_t> got = co_await next->read(space);
        out = outcome_of(got);
    }
    done.set();
}

/// Both have an event in one turn, and the first of them ends the other stream.
Task<void> replace_in_turn(Stream& client, Stream& server, std::uint16_t port, Outcome& out) {
    Event done;
    spawn(close_the_other_and_dial(client, server, port, out, done));
    static_cast<void>(co_await server.write(Pieces("to the client")));
    static_cast<void>(co_await client.write(Pieces("to the server")));
    co_await done;
}

}  // namespace

TEST_CASE("A stream delivers what its peer wrote in several pieces", "[net]") {
    Outcome out;
    Loopback().run([&](Stream& client, Stream& server) { return write_then_read(client, server, out); });
    CHECK(out.ok);
    CHECK(out.text == "hello world");
}

TEST_CASE("A read into an empty buffer waits without a block, and takes no more than it was allowed", "[net]") {
    std::size_t lent = 1;
    Outcome out;
    Loopback().run([&](Stream& client, Stream& server) { return read_into_a_buffer(client, server, lent, out); });
    CHECK(lent == 0);
    CHECK(out.text == std::string(1024, 'x'));
    CHECK(out.bytes == 2048);
}

TEST_CASE("A read into an empty buffer that fails leaves it empty", "[net]") {
    Outcome out;
    bool has_block = true;
    Loopback().run([&](Stream& client, Stream& server) { return time_out_with_a_buffer(client, server, out, has_block); });
    CHECK(out.code == ErrorCode::TimedOut);
    CHECK_FALSE(has_block);
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

TEST_CASE("Bytes go from one stream to another through a pipe, in order and no more at once than was allowed", "[net]") {
    if (!platform::SplicePipe::is_supported) return;
    std::string text;
    for (int i = 0; i < 300; ++i) text += "line " + std::to_string(i) + "\n";
    const std::size_t most_bytes = GENERATE(std::size_t{7}, std::size_t{1000}, std::size_t{100'000});
    Outcome out;
    Loopback().run([&](Stream& client, Stream& server) { return splice_back(client, server, text, most_bytes, out); });
    CHECK(out.ok);
    CHECK(out.text == text);
}

TEST_CASE("A splice to who takes nothing for the stall limit fails with TimedOut", "[net]") {
    if (!platform::SplicePipe::is_supported) return;
    Outcome out;
    Loopback().run([&](Stream& client, Stream& server) { return splice_to_nobody(client, server, out); });
    CHECK(out.code == ErrorCode::TimedOut);
    CHECK(out.bytes != 0);
}

TEST_CASE("A splice at the end of input yields nothing, and no pipe", "[net]") {
    if (!platform::SplicePipe::is_supported) return;
    Outcome out{false, 99, {}, {}};
    bool has_pipe = true;
    Loopback().run([&](Stream& client, Stream& server) { return splice_the_end(client, server, out, has_pipe); });
    CHECK(out.ok);
    CHECK(out.bytes == 0);
    CHECK_FALSE(has_pipe);
}

TEST_CASE("A splice that waits holds no pipe, and ends when it is cancelled or its time is over", "[net]") {
    if (!platform::SplicePipe::is_supported) return;
    const bool is_cancelled = GENERATE(true, false);
    bool may_have_all = false;
    Outcome out;
    Loopback().run([&](Stream& client, Stream& server) { return wait_to_splice(client, server, is_cancelled, may_have_all, out); });
    CHECK(may_have_all);
    CHECK_FALSE(out.ok);
    CHECK(out.code == (is_cancelled ? ErrorCode::Cancelled : ErrorCode::TimedOut));
}

TEST_CASE("A stream that was aborted splices nothing in or out", "[net]") {
    if (!platform::SplicePipe::is_supported) return;
    Outcome out;
    Loopback().run([&](Stream& client, Stream& server) { return splice_when_aborted(client, server, out); });
    CHECK(out.ok);
}

TEST_CASE("A stream that always has something to read leaves others their turn", "[net]") {
    Loopback loopback;
    std::size_t reads = 0;
    loopback.run([&](Stream& client, Stream& server) { return read_bytes(client, server, reads); });
    CHECK(reads > 1);
    CHECK(reads < 1000);
}

TEST_CASE("The end of input is read though it came in one event with the last bytes", "[net]") {
    const ReadToEnd read = GENERATE(ReadToEnd{read_to_end}, ReadToEnd{wait_and_read_to_end});
    Outcome out;
    Loopback().run([&](Stream& client, Stream& server) { return write_and_end_at_once(client, server, out, read); });
    CHECK(out.ok);
    CHECK(out.bytes == 0);
    CHECK(out.text == "last words");
}

TEST_CASE("A connection that the peer resets is an error, not the end of input", "[net]") {
    Outcome out;
    Loopback().run([&](Stream& client, Stream& server) { return reset_while_read(client, server, out); });
    CHECK_FALSE(out.ok);
    CHECK(out.code == ErrorCode::Closed);
}

TEST_CASE("A watcher is told of an end that came with the last bytes, not from inside the call that sets it", "[net]") {
    Watcher watcher;
    int calls_at_once = 0;
    Loopback().run([&](Stream& client, Stream& server) { return watch_for_end(client, server, watcher, calls_at_once); });
    CHECK(calls_at_once == 0);
    CHECK(watcher.calls == 1);
}

TEST_CASE("A watcher is told of what comes, not of what has been read", "[net]") {
    Watcher watcher;
    int calls_before = 0;
    Loopback().run([&](Stream& client, Stream& server) { return watch_after_all_is_read(client, server, watcher, calls_before); });
    CHECK(calls_before == 0);
    CHECK(watcher.calls == 1);
}

TEST_CASE("A watcher is told of what a read has left", "[net]") {
    Watcher watcher;
    Loopback().run([&](Stream& client, Stream& server) { return watch_what_is_unread(client, server, watcher); });
    CHECK(watcher.calls == 1);
}

TEST_CASE("A connect that is refused says so", "[net]") {
    Outcome out;
    Loopback().run([&](Stream& client, Stream&) { return dial_nobody(client, out); });
    CHECK_FALSE(out.ok);
    CHECK(out.code == ErrorCode::ConnectRefused);
}

TEST_CASE("An event of a closed stream does not reach the one that took its place", "[net]") {
    Loopback loopback;
    Outcome out;
    loopback.run([&](Stream& client, Stream& server) { return replace_in_turn(client, server, loopback.port(), out); });
    CHECK_FALSE(out.ok);
    CHECK(out.code == ErrorCode::TimedOut);
}
