// Step 9 of an exchange: the request goes out.

#include <utility>

#include "net/worker.hpp"
#include "proxy/exchange.hpp"
#include "proxy/upstream_request.hpp"
#include "proxy/worker_state.hpp"

namespace sluice::proxy {

/// The head goes out with what has arrived of the body; the rest follows in a coroutine of its own, so that the upstream
/// may answer before it has all of it. A further try sends again what was kept.
net::Eventual<Result<void>> Exchange::send_request() {
    response_deadline_ = state_.worker().now() + no_limit;
    // Until it is sent, any size may be tried elsewhere.
    if (first_piece_.data.size() > cluster_state().config().retry.body_bytes) body_replayable_ = false;
    if (upload_complete_) start_response_clock();
    net::Eventual<Result<void>> sending = upstream_->send(first_part());
    if (sending.await_ready()) return on_request_sent(sending.await_resume());
    return send_rest(std::move(sending));
}

net::Task<Result<void>> Exchange::send_rest(net::Eventual<Result<void>> sending) {
    Result<void> sent = co_await sending;
    co_return on_request_sent(std::move(sent));
}

/// Once it was sent, a failure may lead to another try (upstream::decide).
bool Exchange::may_be_repeated() const {
    return http::is_idempotent(head_.method) || cluster_state().config().retry.non_idempotent || upstream_->may_hand_back_unread();
}

/// No other try can be made with it, so its memory may serve others.
void Exchange::forget_first_piece() {
    if (first_piece_.data.empty()) return;
    body_replayable_ = false;
    first_piece_ = {};
    body_->forget_first();
}

Result<void> Exchange::on_request_sent(Result<void> sent) {
    if (sent && !(body_replayable_ && may_be_repeated())) forget_first_piece();
    if (!sent) {
        // Its answer may be there all the same, and has the usual time. The connection can't carry another request.
        upload_complete_ = false;
        start_response_clock();
    } else if (upload_complete_) {
        client_.watch(this);
    } else {
        upload_started_ = true;
        upload_done_.clear();
        net::spawn(upload());
    }
    return sent;
}

/// The time for this try begins, within that of the whole request.
void Exchange::start_response_clock() {
    const TimePoint now = state_.worker().now();
    if (!request_deadline_) request_deadline_ = now + response_timeout_;
    const Duration try_timeout = cluster_state().config().retry.try_timeout;
    try_timeout_is_next_ = try_timeout != Duration{} && now + try_timeout < *request_deadline_;
    response_deadline_ = try_timeout_is_next_ ? now + try_timeout : *request_deadline_;
}

/// The head with what there is of the body.
UpstreamLink::Part Exchange::first_part() {
    return {request_head_bytes_, first_piece_.data, scratch_.replay, head_.framing.kind, body_->is_done(), request_trailers(), protocol_};
}

/// What upstreams take for the gateway's word is removed from trailers as it is from headers.
std::string_view Exchange::request_trailers() {
    const std::string_view trailers = body_->trailers();
    return trailers.empty() ? trailers : snapshot_->client_certificates().without(trailers, scratch_.trailers);
}

/// Keeps a piece of the body, as long as all that was read can be kept.
void Exchange::keep_for_replay(std::string_view piece) {
    if (!keeps_body_) {
        body_replayable_ = false;
        forget_first_piece();
        return;
    }
    const std::size_t most = cluster_state().config().retry.body_bytes;
    if (first_piece_.data.size() + scratch_.replay.size() + piece.size() > most) {
        keeps_body_ = body_replayable_ = false;
        scratch_.replay.clear();
        forget_first_piece();
        return;
    }
    scratch_.replay.append(piece);
}

net::Task<void> Exchange::upload() {
    Result<void> done = co_await upload_body();
    upload_complete_ = done.has_value();
    if (done) {
        expect_response();
        client_.watch(this);
    } else {
        end_upload_early(std::move(done.error()));
    }
    upload_done_.set();
}

/// What becomes of a request of which the rest will never be sent.
void Exchange::end_upload_early(Error error) {
    // A cut resumes one coroutine; the other may still wait for a client that takes nothing.
    if (cut_) client_.abort();
    if (upstream_ == nullptr || upload_stopped_) return;
    const bool is_stalled = error.code == ErrorCode::ResponseTimeout && !writer_.has_begun();
    if (error.side == Side::Client || is_stalled) {
        // The upstream can't answer a request that it never gets whole, or does not even take it.
        upload_error_ = std::move(error);
        upstream_->abort();
        return;
    }
    // It stopped reading, perhaps because it has answered already.
    expect_response();
}

/// From now on the upstream's silence is its own; once it has begun to answer, the body has limits of its own.
void Exchange::expect_response() {
    start_response_clock();
    if (upstream_ == nullptr || writer_.has_begun()) return;
    upstream_->set_read_deadline(response_deadline_);
}

net::Task<Result<void>> Exchange::upload_body() {
    while (!body_->is_done()) {
        if (!keeps_body_ && body_->can_splice() && upstream_->can_splice(head_.framing.kind)) {
            const Result<void> spliced = co_await upload_spliced();
            if (!spliced) co_return spliced;
            continue;
        }
        Result<MessageBody::Piece> piece = co_await body_->next();
        if (!piece) co_return fail(client_body_error(piece.error()));
        Result<void> fits = check_body_so_far();
        if (!fits) co_return fits;
        keep_for_replay(piece->data);
        Result<void> sent = co_await send_body_piece(*piece);
        if (!sent) co_return fail(upstream_failure(sent.error()));
    }
    co_return Result<void>{};
}

/// From socket to socket, as much as there is or a pipe takes. Its length was told, and found to be within the route's limit.
net::Task<Result<void>> Exchange::upload_spliced() {
    const Result<net::SplicePipes::Lent> pipe = co_await body_->next_spliced();
    if (!pipe) co_return fail(client_body_error(pipe.error()));
    if (!*pipe) co_return Result<void>{};
    forget_first_piece();
    body_replayable_ = false;
    const Result<void> sent = co_await upstream_->splice(**pipe);
    if (!sent) co_return fail(upstream_failure(sent.error()));
    co_return Result<void>{};
}

net::Task<Result<void>> Exchange::send_body_piece(const MessageBody::Piece& piece) {
    const UpstreamLink::Part part{.head = {}, .first = piece.data, .framing = head_.framing.kind, .is_last = body_->is_done(),
                                  .trailers = request_trailers()};
    co_return co_await upstream_->send(part);
}

/// Ends an upload that goes on although its response is complete, or its upstream gone.
net::Task<void> Exchange::finish_upload() {
    upload_stopped_ = true;
    if (upstream_ != nullptr) upstream_->abort();
    client_.cancel_read();
    co_await upload_done_;
}

Error Exchange::client_body_error(const Error& error) const {
    if (upload_stopped_ || error.code == ErrorCode::Cancelled) {
        return {ErrorCode::Cancelled, Side::Internal, Retry::Never, {}, {}};
    }
    if (error.code == ErrorCode::TimedOut) {
        return client_error(ErrorCode::BodyTimeout, "the request body did not arrive in time");
    }
    if (error.code == ErrorCode::Closed) {
        return client_error(ErrorCode::ClientClosed, "the client left in the middle of its request body");
    }
    return client_error(error.code, error.context());
}

/// A failure of the upstream's stream in the words of the exchange.
Error Exchange::upstream_failure(const Error& error) const {
    if (client_gone_) return client_error(ErrorCode::ClientClosed, "the client left before the response");
    if (is_call_late_) return call_late();
    const std::string& name = endpoint_->name();
    switch (error.code) {
        case ErrorCode::TimedOut:
            return upstream_error(ErrorCode::ResponseTimeout, name + " did not answer in time");
        case ErrorCode::Closed:
        case ErrorCode::Cancelled:
            return upstream_error(ErrorCode::UpstreamClosed, name + (error.side == Side::Upstream && !error.context().empty() ? ": " + error.context() : " closed the connection"),
                                  error.retry == Retry::Always ? Retry::Always : Retry::IfReused, error.cause());
        case ErrorCode::BadFraming:
            return upstream_error(ErrorCode::BadResponse, name + ": " + error.context());
        default: break;
    }
    return upstream_error(error.code, name + ": " + error.context(), error.retry, error.cause());
}

/// The listener's present configuration says in which headers.
filters::ClientCertificateFields Exchange::shown_certificate() const {
    const Entrance& entrance = client_.entrance();
    if (!entrance.facts || entrance.facts->client_fingerprint.empty()) return {};
    const ListenerPlan* const plan = snapshot_->find_listener(entrance.tls->key);
    if (plan == nullptr || !plan->config->tls || !plan->config->tls->client_certificates) return {};
    const config::ClientCertificates& asked = *plan->config->tls->client_certificates;
    return {asked.subject_header, entrance.facts->client_subject, asked.fingerprint_header, entrance.facts->client_fingerprint};
}

Result<void> Exchange::write_request_head(const config::Forward& forward) {
    const filters::ClientCertificateFields shown = shown_certificate();
    if (!request_buffer_) {
        // The path may grow to three times its size when bytes are percent-encoded.
        std::size_t bytes = snapshot_->head_room_bytes() + 3 * head_.target.size() + shown.size_bytes();
        for (const http::Field& field : head_.fields) {
            // What is forwarded may be repeated in X-Forwarded-For and Forwarded.
            bytes += 3 * (field.name.size() + field.value.size() + 4);
        }
        request_buffer_ = state_.worker().buffers().take(bytes);
    }
    const filters::ForwardedFacts facts{client_.client(), client_.entrance().scheme(), head_.authority, head_.major_version, head_.minor_version, request_id_};
    const UpstreamHead request{head_, snapshot_->forwarded(), facts, snapshot_->client_certificates(), shown, plan_->request_headers,
                               sent_path(forward, path_, match_.params, scratch_.rewritten),
                               sent_host(forward, head_.authority, endpoint_->state().place), protocol_};
    http::HeadWriter writer(request_buffer_.from(0));
    Result<void> written = write_upstream_head(request, state_.fields(), scratch_.arena, writer);
    if (written) request_head_bytes_ = writer.view();
    return written;
}

}  // namespace sluice::proxy
