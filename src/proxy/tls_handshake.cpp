#include "proxy/tls_handshake.hpp"

#include <memory>
#include <utility>

#include "net/worker.hpp"
#include "proxy/http1_session.hpp"
#include "proxy/http2_session.hpp"
#include "proxy/request_reader.hpp"
#include "proxy/usage.hpp"
#include "proxy/worker_state.hpp"

namespace sluice::proxy {
namespace {

constexpr std::string_view plain_http_answer =
    "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 44\r\nConnection: close\r\n\r\n"
    "this port speaks TLS: write https:// instead";

}  // namespace

void TlsHandshake::begin(WorkerState& state, net::Stream stream, const platform::Peer& peer, Entrance entrance) {
    net::spawn((new TlsHandshake(state, std::move(stream), peer, std::move(entrance)))->run());
}

net::Task<void> TlsHandshake::run() {
    stream_.start_tls(*entrance_.tls->context);
    const Result<void> done = co_await stream_.handshake(state_.worker().now() + state_.limits().head_timeout);
    if (done) entrance_.facts = std::make_unique<const tls::Facts>(stream_.tls()->facts());
    count_handshake(done);
    if (done) {
        pass_on();
    } else if (stream_.tls() != nullptr && stream_.tls()->is_plain_http()) {
        co_await refuse_plain_http();
    }
    end();
}

void TlsHandshake::pass_on() {
    if (entrance_.facts->protocol == "h2") {
        Http2Session::begin(state_, std::move(stream_), peer_, std::move(entrance_), {});
    } else {
        Http1Session::begin(state_, std::move(stream_), peer_, std::move(entrance_));
    }
}

void TlsHandshake::count_handshake(const Result<void>& done) {
    telemetry::HandshakeCounts& counts = *entrance_.tls->counts;
    if (done) {
        ++(entrance_.facts->is_resumed ? counts.resumed : counts.full);
        return;
    }
    const bool is_plain = stream_.tls() != nullptr && stream_.tls()->is_plain_http();
    ++(is_plain ? counts.plain_http : counts.failed);
    const Error& error = done.error();
    const std::string reason = error.code == ErrorCode::TimedOut    ? "it took too long"
                               : error.code == ErrorCode::Cancelled ? "the gateway stops"
                               : error.context().empty()              ? "the client left"
                                                                    : error.context();
    // Anybody can fail as often as he likes: not every time is worth a line.
    const LogLevel level = state_.may_tell_of_tls() ? LogLevel::Info : LogLevel::Debug;
    const std::string client = peer_.family == platform::AddressFamily::Unix ? "unix" : peer_.address_text();
    state_.log().write(level, "TLS handshake with a client failed",
                       {{"listener", entrance_.tls->name}, {"client", client}, {"reason", reason}});
}

/// A person with a browser wants to know.
net::Task<void> TlsHandshake::refuse_plain_http() {
    stream_.stop_tls();
    const Result<void> sent = co_await stream_.write(net::Pieces(plain_http_answer));
    if (!sent) co_return;
    RequestReader reader(stream_, state_.limits());
    co_await reader.linger();
}

void TlsHandshake::count(Usage& usage) const {
    ++usage.all.connections;
    ++usage.listeners[listener()].connections;
}

void TlsHandshake::cut() {
    stream_.reset_on_close();
    stream_.abort();
}

}  // namespace sluice::proxy
