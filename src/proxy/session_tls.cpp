// The beginning of a session with a client that has to speak TLS.

#include "net/worker.hpp"
#include "proxy/session.hpp"
#include "proxy/worker_state.hpp"

namespace sluice::proxy {
namespace {

constexpr std::string_view plain_http_answer =
    "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 44\r\nConnection: close\r\n\r\n"
    "this port speaks TLS: write https:// instead";

}  // namespace

/// True when the client may send requests.
net::Task<bool> Session::shake_hands() {
    stream_.start_tls(*entrance_.tls->context);
    is_shaking_hands_ = true;
    const Result<void> done = co_await stream_.handshake(state_.worker().now() + state_.limits().head_timeout);
    is_shaking_hands_ = false;
    if (done) tls_facts_ = stream_.tls()->facts();
    count_handshake(done);
    if (done) co_return true;
    if (stream_.tls() != nullptr && stream_.tls()->is_plain_http()) co_await refuse_plain_http();
    co_return false;
}

void Session::count_handshake(const Result<void>& done) {
    telemetry::HandshakeCounts& counts = *entrance_.tls->counts;
    if (done) {
        ++(tls_facts_.is_resumed ? counts.resumed : counts.full);
        return;
    }
    const bool is_plain = stream_.tls() != nullptr && stream_.tls()->is_plain_http();
    ++(is_plain ? counts.plain_http : counts.failed);
    const Error& error = done.error();
    const std::string reason = error.code == ErrorCode::TimedOut    ? "it took too long"
                               : error.code == ErrorCode::Cancelled ? "the gateway stops"
                               : error.context.empty()              ? "the client left"
                                                                    : error.context;
    // Anybody can fail as often as he likes: not every time is worth a line.
    const LogLevel level = state_.may_tell_of_tls() ? LogLevel::Info : LogLevel::Debug;
    state_.log().write(level, "TLS handshake with a client failed",
                       {{"listener", entrance_.tls->name}, {"client", client_.text}, {"reason", reason}});
}

/// A person with a browser wants to know.
net::Task<void> Session::refuse_plain_http() {
    stream_.stop_tls();
    const Result<void> sent = co_await stream_.write(net::Pieces(plain_http_answer));
    if (sent) co_await reader_.linger();
}

}  // namespace sluice::proxy
