#include "proxy/http1_session.hpp"

#include <utility>

#include "net/worker.hpp"
#include "proxy/exchange.hpp"
#include "proxy/http1_response_writer.hpp"
#include "proxy/http2_session.hpp"
#include "proxy/usage.hpp"
#include "proxy/worker_state.hpp"

namespace sluice::proxy {
namespace {

/// The client's preface as far as it looks like a request (RFC 9113, 3.4).
constexpr std::string_view http2_preface_head = "PRI * HTTP/2.0\r\n\r\n";

/// What is read and dropped of a body that nobody wants, to save the connection.
constexpr std::uint64_t discard_bytes = std::uint64_t{256} * 1024;

ReadPace body_pace(const config::Limits& limits) {
    return {limits.body_idle, limits.min_rate, limits.min_rate_grace};
}

}  // namespace

Http1Session::Http1Session(WorkerState& state, net::Stream stream, const platform::Peer& peer, Entrance entrance)
    : Session(state, std::move(stream), peer, std::move(entrance)),
      peer_text_(peer.family == platform::AddressFamily::Unix ? "" : peer.address_text()),
      client_(state.snapshot()->forwarded().make_peer(peer_text_)) {}

void Http1Session::begin(WorkerState& state, net::Stream stream, const platform::Peer& peer, Entrance entrance) {
    net::spawn((new Http1Session(state, std::move(stream), peer, std::move(entrance)))->run());
}

net::Task<void> Http1Session::run() {
    TimePoint idle_end = state_.worker().now() + state_.limits().keepalive;
    while (!entrance_.is_draining) {
        stream_.set_read_deadline(idle_end);
        const Result<void> ready = co_await stream_.readable();
        if (!ready) break;
        const Served served = co_await serve_input();
        if (served == Served::Last) break;
        // Beginnings of TLS records wake it up and are no input.
        if (served == Served::Requests) idle_end = state_.worker().now() + state_.limits().keepalive;
    }
    end();
}

/// Serves the requests that have come, or begun to come.
net::Task<Http1Session::Served> Http1Session::serve_input() {
    RequestReader reader(stream_, state_.limits());
    const RequestReader::Input input = reader.take_input();
    if (input == RequestReader::Input::Nothing) co_return Served::Nothing;
    if (input == RequestReader::Input::End) co_return Served::Last;
    reader_ = &reader;
    bool goes_on = true;
    while (goes_on && reader.has_input()) {
        Result<bool> head = reader.find_head();
        if (head && !*head) head = co_await reader.read_head();
        if (!head) co_await refuse(head.error());
        if (!head || !*head) {
            goes_on = false;
        } else if (entrance_.local != nullptr) {
            goes_on = co_await serve_locally(stream_, reader, peer_, *entrance_.local, state_.limits(), entrance_.is_draining);
        } else if (requests_ == 0 && reader.head() == http2_preface_head) {
            goes_on = false;
            pass_on();
        } else {
            goes_on = co_await serve();
        }
    }
    reader_ = nullptr;
    co_return goes_on ? Served::Requests : Served::Last;
}

/// The client speaks HTTP/2 without having agreed on it (RFC 9113, 3.3).
void Http1Session::pass_on() {
    std::string first(reader_->head());
    first.append(reader_->rest().data(), reader_->rest().size());
    Http2Session::begin(state_, std::move(stream_), peer_, std::move(entrance_), std::move(first));
}

/// Serves the request whose head was read; true when the connection can carry another.
net::Task<bool> Http1Session::serve() {
    const ScratchPool::Lease scratch = state_.scratches().lease();
    const config::Limits& limits = state_.limits();
    http::RequestHead& head = scratch->request;
    const Result<void> parsed = reader_->parse_head(head);
    if (!parsed) {
        co_await refuse(parsed.error());
        co_return false;
    }
    ++requests_;
    const bool is_last = entrance_.is_draining || entrance_.is_retired || entrance_.is_leaving || requests_ == limits.requests_per_connection;
    BodyReader body(stream_, head.framing, reader_->rest(), body_pace(limits));
    Http1ResponseWriter writer(stream_, head.method, head.minor_version, head.keep_alive && !is_last);
    Exchange exchange(*this, *scratch, body, writer, reader_->first_byte());
    exchange_ = &exchange;
    const Exchange::End end = co_await exchange.run();
    exchange_ = nullptr;
    if (end == Exchange::End::Broken) co_return false;
    if (end == Exchange::End::Keep) {
        bool is_clean = body.is_done();
        if (!is_clean) is_clean = co_await discard(body, head.expects_continue);
        if (is_clean) {
            reader_->keep_leftover(body.leftover());
            co_return true;
        }
    }
    // A client that keeps the connection may have sent its next request already; one that closes it has said that nothing follows.
    const bool may_have_more = head.keep_alive || stream_.may_have_input();
    const bool has_unread = !body.is_done() || !body.leftover().empty() || (may_have_more && stream_.has_input());
    if (has_unread) co_await reader_->linger();
    co_return false;
}

/// Reads what is left of a body that was not needed, within bounds, so that the next request can be found.
net::Task<bool> Http1Session::discard(BodyReader& body, bool expects_continue) {
    if (expects_continue) co_return false;
    while (!body.is_done()) {
        const Result<BodyReader::Piece> piece = co_await body.next();
        if (!piece || body.body_bytes() > discard_bytes) co_return false;
    }
    co_return true;
}

/// Answers a request that is none, and ends the connection: nobody knows where the next one would begin.
net::Task<void> Http1Session::refuse(const Error& error) {
    if (entrance_.local != nullptr) {
        co_await refuse_locally(stream_, *reader_, error);
        co_return;
    }
    const ScratchPool::Lease scratch = state_.scratches().lease();
    scratch->request.clear();
    BodyReader body(stream_, {}, {}, body_pace(state_.limits()));
    Http1ResponseWriter writer(stream_, scratch->request.method, scratch->request.minor_version, false);
    Exchange exchange(*this, *scratch, body, writer, reader_->first_byte());
    exchange_ = &exchange;
    co_await exchange.run_refused(error);
    exchange_ = nullptr;
    co_await reader_->linger();
}

void Http1Session::count(Usage& usage) const {
    ++usage.all.connections;
    ++usage.listeners[listener()].connections;
    if (exchange_ != nullptr) exchange_->count(usage);
}

void Http1Session::follow() {
    client_ = state_.snapshot()->forwarded().make_peer(peer_text_);
    // An upgraded connection has a limit of its route's.
    if (exchange_ == nullptr || !exchange_->is_upgraded()) stream_.set_write_stall_limit(state_.limits().body_idle);
    if (exchange_ != nullptr) exchange_->follow();
}

void Http1Session::retire() {
    entrance_.is_retired = true;
    if (exchange_ != nullptr) exchange_->finish();
}

void Http1Session::leave_listener() {
    entrance_.is_retired = entrance_.is_leaving = true;
    if (exchange_ != nullptr) exchange_->drain();
}

void Http1Session::drain() {
    entrance_.is_draining = true;
    if (exchange_ != nullptr) exchange_->drain();
    // Last: an idle session ends, and is gone, inside this call.
    if (reader_ == nullptr) stream_.cancel_read();
}

void Http1Session::cut() {
    entrance_.is_draining = true;
    stream_.reset_on_close();
    if (exchange_ != nullptr) {
        exchange_->cut();
    } else {
        stream_.abort();
    }
}

}  // namespace sluice::proxy
