#include "proxy/tunnel.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <functional>
#include <future>
#include <memory>
#include <string>

#include "base/random.hpp"
#include "net/dialer.hpp"
#include "net/listener.hpp"
#include "net/pause.hpp"
#include "net/worker.hpp"

using namespace sluice;
using namespace sluice::proxy;
using namespace std::chrono_literals;
using net::Stream;
using net::Task;

namespace {

/// A tunnel between two connections over loopback, and the far ends of both, all on one worker. As in the gateway, the
/// tunnel and its ends of the connections are gone once it has run.
class Line {
public:
    using Script = std::function<Task<void>(Line&)>;

    explicit Line(const TunnelSettings& settings) : settings_(settings) {
        std::array<net::Worker*, 1> workers{&worker};
        auto opened = net::Listener::open({platform::AddressFamily::Ipv4, "127.0.0.1", 0}, 16, workers);
        REQUIRE(opened);
        listener_ = std::move(*opened);
        worker.start([] {});
    }

    /// Runs the script, which has to bring the tunnel to its end.
    TunnelEnd play(Script script) {
        script_ = std::move(script);
        REQUIRE(listener_->start([this](net::Worker&, platform::Accepted taken) {
            accepted_ = Stream(worker, taken.socket.release());
            has_accepted_.set();
        }));
        worker.post([this] { net::spawn(connect_and_play()); });
        const bool is_done = done_.get_future().wait_for(20s) == std::future_status::ready;
        listener_->stop();
        worker.stop();
        worker.join();
        REQUIRE(is_done);
        return end;
    }

    net::Worker worker{0, 1};
    /// The far ends.
    Stream client;
    Stream upstream;
    /// nullptr before and after it runs.
    Tunnel* tunnel = nullptr;
    std::string first_from_client;
    std::string first_from_upstream;
    std::function<void(Tunnel&)> before_run;
    net::Event ended;
    TunnelEnd end = TunnelEnd::Failed;
    std::uint64_t bytes_from_client = 0;
    std::uint64_t bytes_from_upstream = 0;

private:
    Task<bool> connect(Stream& far, Stream& near) {
        const net::Destination destination{net::Destination::Kind::Ipv4, "127.0.0.1", listener_->address().port};
        Result<Stream> dialed = co_await net::dial(worker, destination, worker.now() + 5s);
        if (!dialed) co_return false;
        far = std::move(*dialed);
        co_await has_accepted_;
        has_accepted_.clear();
        near = std::move(accepted_);
        co_return true;
    }

    Task<void> run_tunnel() {
        {
            Stream to_client = std::move(near_client_);
            Stream to_upstream = std::move(near_upstream_);
            StreamSide client_side;
            StreamSide upstream_side;
            const auto running = std::make_unique<Tunnel>(worker, client_side.use(to_client), upstream_side.use(to_upstream), settings_);
            tunnel = running.get();
            if (before_run) before_run(*tunnel);
            end = co_await tunnel->run(first_from_client, first_from_upstream);
            bytes_from_client = tunnel->bytes_from_client();
            bytes_from_upstream = tunnel->bytes_from_upstream();
            tunnel = nullptr;
        }
        ended.set();
    }

    Task<void> connect_and_play() {
        const bool has_client = co_await connect(client, near_client_);
        const bool has_upstream = co_await connect(upstream, near_upstream_);
        if (has_client && has_upstream) {
            net::spawn(run_tunnel());
            co_await script_(*this);
            co_await ended;
        }
        client = Stream();
        upstream = Stream();
        done_.set_value();
    }

    TunnelSettings settings_;
    std::unique_ptr<net::Listener> listener_;
    Script script_;
    Stream accepted_;
    net::Event has_accepted_;
    Stream near_client_;
    Stream near_upstream_;
    std::promise<void> done_;
};

constexpr TunnelSettings plain{.idle = 30s};
constexpr TunnelSettings websocket{.idle = 30s, .is_websocket = true};

/// What a far end has read.
struct Heard {
    std::string text;
    bool has_end = false;
    bool is_broken = false;
};

/// Reads until there are `bytes`, or until the end of input.
Task<void> hear(Stream& stream, Heard& heard, std::size_t bytes = ~std::size_t{0}) {
    std::array<char, 16384> space{};
    while (heard.text.size() < bytes && !heard.has_end && !heard.is_broken) {
        const std::span<char> room = std::span<char>(space).first(std::min(space.size(), bytes - heard.text.size()));
        stream.set_read_deadline(stream.worker().now() + 10s);
        const Result<std::size_t> got = co_await stream.read(room);
        heard.is_broken = !got;
        heard.has_end = got && *got == 0;
        if (got) heard.text.append(space.data(), *got);
    }
}

Task<void> say(Stream& stream, std::string text) {
    static_cast<void>(co_await stream.write(std::string_view(text)));
}

Task<void> wait_for(net::Worker& worker, Duration time) {
    net::Pause pause(worker.timers());
    co_await pause.until(worker.now() + time);
}

std::string noise(std::size_t bytes, std::uint64_t seed) {
    Random random(seed);
    std::string text(bytes, '\0');
    for (char& c : text) c = static_cast<char>(random.next() >> 56);
    return text;
}

/// Says all of it, then ends its sending.
Task<void> say_all(Stream& stream, const std::string& text, net::Event& said) {
    static_cast<void>(co_await stream.write(std::string_view(text)));
    stream.shutdown_send();
    said.set();
}

Task<void> hear_all(Stream& stream, Heard& heard, net::Event& done) {
    co_await hear(stream, heard);
    done.set();
}

const std::string close_1001("\x88\x02\x03\xE9", 4);
/// A text frame of five bytes as a client sends it, with a mask of zeros.
const std::string hello = std::string("\x81\x85\0\0\0\0", 6) + "hello";
const std::string welcome = "\x81\x07welcome";
const std::string client_close("\x88\x82\0\0\0\0\x03\xE8", 8);
const std::string upstream_close("\x88\x02\x03\xE8", 4);

/// The status code of a masked close frame; 0 when it is none.
unsigned masked_close_code(std::string_view frame) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned>(static_cast<unsigned char>(frame[i])); };
    if (frame.size() != 8 || byte(0) != 0x88 || byte(1) != 0x82) return 0;
    return (byte(6) ^ byte(2)) << 8U | (byte(7) ^ byte(3));
}

}  // namespace

namespace {

struct Both {
    Heard client;
    Heard upstream;
    std::size_t lent_bytes = 0;
};

Task<void> talk(Line& line, Both& heard) {
    co_await say(line.client, "one ");
    co_await hear(line.upstream, heard.upstream, 8);
    co_await say(line.upstream, "two ");
    co_await hear(line.client, heard.client, 8);
    co_await say(line.client, "three");
    co_await hear(line.upstream, heard.upstream, 13);
    heard.lent_bytes = line.worker.buffers().lent_bytes();
    line.client.shutdown_send();
    line.upstream.shutdown_send();
}

Task<void> client_leaves_first(Line& line, Both& heard) {
    line.client.shutdown_send();
    co_await hear(line.upstream, heard.upstream);
    co_await say(line.upstream, "last words");
    line.upstream.shutdown_send();
    co_await hear(line.client, heard.client);
}

Task<void> upstream_leaves_first(Line& line, Both& heard) {
    line.upstream.shutdown_send();
    co_await hear(line.client, heard.client);
    co_await say(line.client, "last words");
    line.client.shutdown_send();
    co_await hear(line.upstream, heard.upstream);
}

Task<void> client_leaves_upstream_stays(Line& line, Both& heard) {
    line.client.shutdown_send();
    co_await hear(line.upstream, heard.upstream);
    co_await line.ended;
}

Task<void> long_answer_after_the_end(Line& line, Both& heard) {
    line.client.shutdown_send();
    co_await hear(line.upstream, heard.upstream);
    for (int i = 0; i < 5; ++i) {
        co_await wait_for(line.worker, 100ms);
        co_await say(line.upstream, "more ");
    }
    line.upstream.shutdown_send();
    co_await hear(line.client, heard.client);
}

Task<void> flood_both_ways(Line& line, const std::string& up, const std::string& down, Both& heard) {
    net::Event said_up, said_down, heard_up, heard_down;
    net::spawn(say_all(line.client, up, said_up));
    net::spawn(say_all(line.upstream, down, said_down));
    net::spawn(hear_all(line.upstream, heard.upstream, heard_up));
    net::spawn(hear_all(line.client, heard.client, heard_down));
    co_await said_up;
    co_await said_down;
    co_await heard_up;
    co_await heard_down;
}

struct Pressure {
    std::size_t lent_bytes = 0;
    std::uint64_t written_while_stalled = 0;
    Heard heard;
};

Task<void> flood_a_slow_reader(Line& line, const std::string& much, Pressure& pressure) {
    net::Event said;
    net::spawn(say_all(line.client, much, said));
    // Until the buffers of the system are full; how much they take differs.
    for (std::uint64_t before = ~std::uint64_t{0}; before != line.client.bytes_written();) {
        before = line.client.bytes_written();
        co_await wait_for(line.worker, 100ms);
    }
    pressure.lent_bytes = line.worker.buffers().lent_bytes();
    pressure.written_while_stalled = line.client.bytes_written();
    co_await hear(line.upstream, pressure.heard);
    co_await said;
    line.upstream.shutdown_send();
}

Task<void> hear_the_end(Line& line, Both& heard) {
    co_await hear(line.client, heard.client);
    co_await hear(line.upstream, heard.upstream);
}

Task<void> speak_now_and_then(Line& line, TimePoint& last_word) {
    for (int i = 0; i < 5; ++i) {
        co_await wait_for(line.worker, 100ms);
        last_word = line.worker.now();
        co_await say(line.upstream, "x");
    }
    co_await line.ended;
    last_word = TimePoint{} + (line.worker.now() - last_word);
}

Task<void> flood_nobody(Line& line, const std::string& much) {
    net::Event said;
    net::spawn(say_all(line.client, much, said));
    co_await line.ended;
    co_await said;
}

/// What the tunnel has received so far has been passed on when the other side has heard it.
Task<void> settle(Line& line) {
    co_await say(line.client, hello);
    Heard heard;
    co_await hear(line.upstream, heard, hello.size());
}

}  // namespace

TEST_CASE("A tunnel passes bytes both ways, first those that came with the heads", "[proxy]") {
    Line line(plain);
    line.first_from_client = "zero";
    line.first_from_upstream = "null";
    Both heard;
    line.play([&](Line& it) { return talk(it, heard); });
    CHECK(heard.upstream.text == "zeroone three");
    CHECK(heard.client.text == "nulltwo ");
    CHECK(line.bytes_from_client == 13);
    CHECK(line.bytes_from_upstream == 8);
}

TEST_CASE("A tunnel holds no buffer while nothing comes", "[proxy]") {
    Line line(plain);
    line.first_from_client = "zero";
    line.first_from_upstream = "null";
    Both heard;
    heard.lent_bytes = 1;
    line.play([&](Line& it) { return talk(it, heard); });
    CHECK(heard.lent_bytes == 0);
}

TEST_CASE("A tunnel passes the client's end on and lets the upstream finish", "[proxy]") {
    for (const TunnelSettings& settings : {plain, websocket}) {
        Both heard;
        CHECK(Line(settings).play([&](Line& it) { return client_leaves_first(it, heard); }) == TunnelEnd::ClientClosed);
        CHECK(heard.upstream.has_end);
        CHECK(heard.client.text == "last words");
        CHECK(heard.client.has_end);
    }
}

TEST_CASE("A tunnel passes the upstream's end on and lets the client finish", "[proxy]") {
    for (const TunnelSettings& settings : {plain, websocket}) {
        Both heard;
        const TunnelEnd end = Line(settings).play([&](Line& it) { return upstream_leaves_first(it, heard); });
        CHECK(end == TunnelEnd::UpstreamClosed);
        CHECK(heard.client.has_end);
        CHECK(heard.upstream.text == "last words");
        CHECK(heard.upstream.has_end);
    }
}

TEST_CASE("A tunnel does not wait for a side that stays when the other has ended", "[proxy]") {
    for (const bool is_websocket : {false, true}) {
        Both heard;
        Line line({.idle = 30s, .is_websocket = is_websocket, .half_open = 50ms});
        CHECK(line.play([&](Line& it) { return client_leaves_upstream_stays(it, heard); }) == TunnelEnd::ClientClosed);
        CHECK(heard.upstream.has_end);
    }
}

TEST_CASE("A long answer goes on after the end of the client's sending, but not on a WebSocket connection", "[proxy]") {
    for (const bool is_websocket : {false, true}) {
        Both heard;
        Line line({.idle = 30s, .is_websocket = is_websocket, .half_open = 350ms});
        CHECK(line.play([&](Line& it) { return long_answer_after_the_end(it, heard); }) == TunnelEnd::ClientClosed);
        CHECK((heard.client.text.size() == 25) == !is_websocket);
    }
}

TEST_CASE("A tunnel carries much both ways at once without changing a byte", "[proxy]") {
    for (const TunnelSettings& settings : {plain, websocket}) {
        const std::string up = noise(std::size_t{12} << 20U, 1);
        const std::string down = noise(std::size_t{9} << 20U, 2);
        Both heard;
        Line line(settings);
        line.play([&](Line& it) { return flood_both_ways(it, up, down, heard); });
        CHECK(heard.upstream.text == up);
        CHECK(heard.client.text == down);
        CHECK(line.bytes_from_client == up.size());
        CHECK(line.bytes_from_upstream == down.size());
    }
}

TEST_CASE("A slow receiver stops its sender, and costs one buffer", "[proxy]") {
    const std::string much = noise(std::size_t{64} << 20U, 3);
    Pressure pressure;
    Line(plain).play([&](Line& it) { return flood_a_slow_reader(it, much, pressure); });
    CHECK(pressure.written_while_stalled < much.size());
    CHECK(pressure.lent_bytes <= std::size_t{64} * 1024);
    CHECK(pressure.heard.text == much);
}

TEST_CASE("A tunnel ends when nothing comes from either side", "[proxy]") {
    Both heard;
    CHECK(Line({.idle = 60ms}).play([&](Line& it) { return hear_the_end(it, heard); }) == TunnelEnd::Idle);
    CHECK(heard.client.has_end);
    CHECK(heard.upstream.has_end);
}

TEST_CASE("Bytes in one direction keep a tunnel", "[proxy]") {
    TimePoint last_word;
    CHECK(Line({.idle = 350ms}).play([&](Line& it) { return speak_now_and_then(it, last_word); }) == TunnelEnd::Idle);
    CHECK(last_word.time_since_epoch() >= 350ms);
}

TEST_CASE("A tunnel ends when a side takes nothing", "[proxy]") {
    const std::string much = noise(std::size_t{64} << 20U, 4);
    CHECK(Line({.idle = 200ms}).play([&](Line& it) { return flood_nobody(it, much); }) == TunnelEnd::Idle);
}

namespace {

Task<void> cut_when_idle(Line& line, bool& is_gone) {
    co_await settle(line);
    line.tunnel->cut();
    is_gone = line.tunnel == nullptr;
}

Task<void> cut_when_stalled(Line& line, const std::string& much) {
    net::Event said;
    net::spawn(say_all(line.client, much, said));
    co_await wait_for(line.worker, 100ms);
    line.tunnel->cut();
    co_await line.ended;
    co_await said;
}

Task<void> reset(Line& line, Stream& side, Stream& other, Heard& heard) {
    co_await settle(line);
    side.reset_on_close();
    side = Stream();
    co_await hear(other, heard);
}

Task<void> say_in_vain(Stream& stream, const std::string& text, bool& is_broken, net::Event& done) {
    const Result<void> sent = co_await stream.write(std::string_view(text));
    is_broken = !sent;
    done.set();
}

Task<void> reset_while_stalled(Line& line, const std::string& much, bool& is_broken) {
    net::Event done;
    net::spawn(say_in_vain(line.upstream, much, is_broken, done));
    co_await wait_for(line.worker, 100ms);
    line.client.reset_on_close();
    line.client = Stream();
    co_await done;
}

Task<void> nothing(Line&) { co_return; }

}  // namespace

TEST_CASE("A cut ends an idle tunnel before it returns", "[proxy]") {
    bool is_gone = false;
    CHECK(Line(plain).play([&](Line& it) { return cut_when_idle(it, is_gone); }) == TunnelEnd::Cut);
    CHECK(is_gone);
}

TEST_CASE("A cut ends a tunnel that waits for a slow receiver", "[proxy]") {
    const std::string much = noise(std::size_t{64} << 20U, 5);
    CHECK(Line(plain).play([&](Line& it) { return cut_when_stalled(it, much); }) == TunnelEnd::Cut);
}

TEST_CASE("A tunnel that is cut before it runs ends at once", "[proxy]") {
    Line line(plain);
    line.first_from_client = "early";
    line.before_run = [](Tunnel& tunnel) { tunnel.cut(); };
    CHECK(line.play(nothing) == TunnelEnd::Cut);
}

TEST_CASE("A reset of one side ends a tunnel and resets the other", "[proxy]") {
    for (const bool by_client : {true, false}) {
        Heard heard;
        const TunnelEnd end = Line(plain).play([&](Line& it) {
            return by_client ? reset(it, it.client, it.upstream, heard) : reset(it, it.upstream, it.client, heard);
        });
        CHECK(end == TunnelEnd::Failed);
        CHECK(heard.is_broken);
    }
}

TEST_CASE("A reset of one side of a WebSocket connection closes the other", "[proxy]") {
    Heard heard;
    const TunnelEnd end = Line(websocket).play([&](Line& it) { return reset(it, it.client, it.upstream, heard); });
    CHECK(end == TunnelEnd::Failed);
    CHECK(heard.has_end);
}

TEST_CASE("A reset by a slow receiver ends a tunnel", "[proxy]") {
    const std::string much = noise(std::size_t{64} << 20U, 6);
    bool is_broken = false;
    CHECK(Line(plain).play([&](Line& it) { return reset_while_stalled(it, much, is_broken); }) == TunnelEnd::Failed);
    CHECK(is_broken);
}

namespace {

Task<void> drain_when_idle(Line& line, Both& heard) {
    co_await settle(line);
    line.tunnel->drain(line.worker.now());
    co_await hear(line.client, heard.client, 4);
    co_await hear(line.upstream, heard.upstream, 8);
    // What is said now has come too late, and the answers were for us.
    co_await say(line.client, hello + client_close);
    co_await say(line.upstream, welcome + upstream_close);
    co_await line.ended;
    co_await hear_the_end(line, heard);
}

Task<void> drain_in_a_frame(Line& line, Both& heard) {
    co_await settle(line);
    co_await say(line.client, hello + hello.substr(0, 8));
    co_await hear(line.upstream, heard.upstream, hello.size() + 8);
    line.tunnel->drain(line.worker.now());
    co_await hear(line.client, heard.client, 4);
    co_await say(line.client, hello.substr(8, 2));
    co_await hear(line.upstream, heard.upstream, hello.size() + 10);
    // The end of the frame, another one, and the client's farewell, all in one piece.
    co_await say(line.client, hello.substr(10) + hello + client_close);
    co_await hear(line.upstream, heard.upstream, 2 * hello.size() + 8);
    co_await say(line.upstream, upstream_close);
    co_await line.ended;
    co_await hear_the_end(line, heard);
}

Task<void> drain_without_answer(Line& line, Both& heard) {
    line.tunnel->drain(line.worker.now());
    co_await hear_the_end(line, heard);
}

/// The client has begun to close; the upstream answers when the drain is on.
Task<void> drain_a_closing_one(Line& line, Both& heard) {
    co_await say(line.client, client_close);
    co_await hear(line.upstream, heard.upstream, client_close.size());
    line.tunnel->drain(line.worker.now());
    co_await wait_for(line.worker, 80ms);
    co_await say(line.upstream, welcome + upstream_close);
    line.upstream.shutdown_send();
    co_await hear(line.client, heard.client);
    line.client.shutdown_send();
    co_await hear(line.upstream, heard.upstream);
}

/// The drain comes while half of the client's own close frame has passed.
Task<void> drain_in_a_close_frame(Line& line, Both& heard) {
    co_await say(line.client, client_close.substr(0, 5));
    co_await hear(line.upstream, heard.upstream, 5);
    line.tunnel->drain(line.worker.now());
    co_await hear(line.client, heard.client, 4);
    co_await say(line.client, client_close.substr(5));
    co_await hear(line.upstream, heard.upstream, client_close.size());
    co_await say(line.upstream, upstream_close);
    co_await line.ended;
    co_await hear_the_end(line, heard);
}

Task<void> drain_other_protocol(Line& line, Both& heard) {
    line.tunnel->drain(line.worker.now());
    co_await wait_for(line.worker, 80ms);
    co_await talk(line, heard);
}

Task<void> drain_a_half_open_one(Line& line, Both& heard) {
    line.client.shutdown_send();
    co_await hear(line.upstream, heard.upstream);
    line.tunnel->drain(line.worker.now());
    co_await hear(line.client, heard.client, 4);
    co_await say(line.upstream, upstream_close);
    co_await line.ended;
}

Task<void> drain_then_cut(Line& line) {
    line.tunnel->drain(line.worker.now() + 10s);
    co_await settle(line);
    line.tunnel->cut();
}

}  // namespace

TEST_CASE("A drain says goodbye to both sides of an idle WebSocket connection", "[proxy]") {
    Both heard;
    CHECK(Line(websocket).play([&](Line& it) { return drain_when_idle(it, heard); }) == TunnelEnd::Drained);
    CHECK(heard.client.text == close_1001);
    CHECK(masked_close_code(heard.upstream.text) == 1001);
    CHECK(heard.client.has_end);
    CHECK(heard.upstream.has_end);
}

TEST_CASE("A drain lets the frame under way end, and nothing follows but goodbye", "[proxy]") {
    Both heard;
    CHECK(Line(websocket).play([&](Line& it) { return drain_in_a_frame(it, heard); }) == TunnelEnd::Drained);
    CHECK(heard.client.text == close_1001);
    REQUIRE(heard.upstream.text.size() == 2 * hello.size() + 8);
    CHECK(heard.upstream.text.starts_with(hello + hello));
    CHECK(masked_close_code(heard.upstream.text.substr(2 * hello.size())) == 1001);
    CHECK(heard.upstream.has_end);
}

TEST_CASE("A drain that was asked for before the tunnel ran is done", "[proxy]") {
    Both heard;
    Line line({.idle = 30s, .is_websocket = true, .answer = 50ms});
    line.first_from_upstream = welcome;
    line.before_run = [&](Tunnel& tunnel) { tunnel.drain(line.worker.now()); };
    CHECK(line.play([&](Line& it) { return hear_the_end(it, heard); }) == TunnelEnd::Drained);
    CHECK(heard.client.text == welcome + close_1001);
    CHECK(masked_close_code(heard.upstream.text) == 1001);
}

TEST_CASE("A drain does not wait long for peers that do not answer", "[proxy]") {
    Both heard;
    Line line({.idle = 30s, .is_websocket = true, .answer = 50ms});
    CHECK(line.play([&](Line& it) { return drain_without_answer(it, heard); }) == TunnelEnd::Drained);
    CHECK(heard.client.text == close_1001);
    CHECK(heard.client.has_end);
}

TEST_CASE("A drain adds nothing where the client has begun to close", "[proxy]") {
    Both heard;
    CHECK(Line(websocket).play([&](Line& it) { return drain_a_closing_one(it, heard); }) == TunnelEnd::Drained);
    CHECK(heard.client.text == welcome + upstream_close);
    CHECK(heard.upstream.text == client_close);
}

TEST_CASE("A drain adds nothing behind a close frame that was under way", "[proxy]") {
    Both heard;
    CHECK(Line(websocket).play([&](Line& it) { return drain_in_a_close_frame(it, heard); }) == TunnelEnd::Drained);
    CHECK(heard.client.text == close_1001);
    CHECK(heard.upstream.text == client_close);
}

TEST_CASE("A drain leaves other protocols alone", "[proxy]") {
    Both heard;
    Line line(plain);
    line.first_from_client = "zero";
    line.first_from_upstream = "null";
    line.play([&](Line& it) { return drain_other_protocol(it, heard); });
    CHECK(heard.upstream.text == "zeroone three");
    CHECK(heard.client.text == "nulltwo ");
}

TEST_CASE("A drain says goodbye where one side has ended its sending", "[proxy]") {
    Both heard;
    CHECK(Line(websocket).play([&](Line& it) { return drain_a_half_open_one(it, heard); }) == TunnelEnd::ClientClosed);
    CHECK(heard.client.text == close_1001);
    CHECK(heard.upstream.text.empty());
}

TEST_CASE("A cut does not wait for the time of a drain", "[proxy]") {
    CHECK(Line(websocket).play(drain_then_cut) == TunnelEnd::Cut);
}

namespace {

/// One side of a busy WebSocket connection.
struct Talker {
    Stream* stream = nullptr;
    bool masks = false;
    std::uint64_t seed = 0;
    std::string said;
    std::string heard;
    bool told_to_stop = false;
    net::Event done_talking;
    net::Event done_hearing;
};

std::string random_frame(Random& random, bool masks) {
    static constexpr std::array<std::uint32_t, 4> ranges{3, 126, 5000, 150'000};
    const std::size_t length = random.below(ranges[random.below(4)]);
    std::string frame(1, random.below(4) == 0 ? '\x01' : '\x82');
    const char mask_bit = masks ? '\x80' : '\0';
    const int extra = length < 126 ? 0 : length < 65536 ? 2 : 8;
    frame += static_cast<char>((extra == 0 ? static_cast<char>(length) : extra == 2 ? '\x7E' : '\x7F') | mask_bit);
    for (int i = extra; i-- > 0;) frame += static_cast<char>(length >> (8 * i));
    if (masks) frame += noise(4, random.next());
    return frame + noise(length, random.next());
}

/// Speaks in frames, cut into pieces that have nothing to do with them, until it has heard goodbye.
Task<void> talk_in_frames(Talker& talker) {
    Random random(talker.seed);
    bool is_sent = true;
    while (is_sent && !talker.told_to_stop) {
        const std::string frame = random_frame(random, talker.masks);
        talker.said += frame;
        for (std::size_t begin = 0; is_sent && begin < frame.size();) {
            const std::size_t size = 1 + random.below(random.below(2) == 0 ? 20 : 60'000);
            const std::string piece = frame.substr(begin, size);
            begin += piece.size();
            const Result<void> sent = co_await talker.stream->write(std::string_view(piece));
            is_sent = sent.has_value();
            if (random.below(3) == 0) co_await wait_for(talker.stream->worker(), 0ms);
        }
    }
    co_await say(*talker.stream, talker.masks ? client_close : upstream_close);
    talker.done_talking.set();
}

Task<void> hear_frames(Talker& talker) {
    http::WebSocketFrames frames;
    std::array<char, 30'000> space{};
    for (;;) {
        const Result<std::size_t> got = co_await talker.stream->read(space);
        if (!got || *got == 0) break;
        const std::string_view piece(space.data(), *got);
        talker.heard += piece;
        frames.advance(piece);
        talker.told_to_stop = talker.told_to_stop || frames.close_seen();
    }
    talker.told_to_stop = true;
    talker.done_hearing.set();
}

Task<void> drain_busy_talkers(Line& line, Talker& client, Talker& upstream, Duration after) {
    client.stream = &line.client;
    upstream.stream = &line.upstream;
    line.tunnel->drain(line.worker.now() + after);
    for (Talker* const talker : {&client, &upstream}) {
        net::spawn(talk_in_frames(*talker));
        net::spawn(hear_frames(*talker));
    }
    for (Talker* const talker : {&client, &upstream}) {
        co_await talker->done_talking;
        co_await talker->done_hearing;
    }
}

/// Whole frames of what was said, and behind them a close frame of `size` bytes, which is given back.
std::string_view goodbye(const Talker& from, const Talker& to, std::size_t size) {
    if (to.heard.size() < size) return {};
    const std::string_view frames = std::string_view(to.heard).substr(0, to.heard.size() - size);
    http::WebSocketFrames follower;
    follower.advance(frames);
    if (!from.said.starts_with(frames) || !follower.at_boundary()) return {};
    return std::string_view(to.heard).substr(frames.size());
}

}  // namespace

TEST_CASE("A drain in the middle of any traffic leaves whole frames and a goodbye", "[proxy]") {
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
        CAPTURE(seed);
        Talker client, upstream;
        client.masks = true;
        client.seed = 2 * seed;
        upstream.seed = 2 * seed + 1;
        const Duration after = std::chrono::milliseconds{seed * 3 % 50};
        const TunnelEnd end =
            Line(websocket).play([&](Line& it) { return drain_busy_talkers(it, client, upstream, after); });
        CHECK(end == TunnelEnd::Drained);
        CHECK(goodbye(upstream, client, 4) == close_1001);
        CHECK(masked_close_code(goodbye(client, upstream, 8)) == 1001);
    }
}
