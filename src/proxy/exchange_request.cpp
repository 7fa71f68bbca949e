// Steps 8 and 9 of an exchange: an endpoint is chosen and the request goes out.

#include <algorithm>
#include <utility>

#include "filters/hop_by_hop.hpp"
#include "net/worker.hpp"
#include "proxy/exchange.hpp"
#include "proxy/session.hpp"
#include "proxy/worker_state.hpp"
#include "upstream/retry.hpp"

namespace sluice::proxy {
namespace {

constexpr Duration no_limit = std::chrono::hours{24 * 365};

}  // namespace

net::Task<Result<void>> Exchange::forward(const config::Forward& forward) {
    cluster_ = &snapshot_->clusters()[plan_->cluster];
    response_timeout_ = forward.timeout;
    Result<std::optional<BodyReader::Piece>> first = body_.next_buffered();
    if (!first) {
        Error error = std::move(first.error());
        error.side = Side::Client;
        co_return fail(std::move(error));
    }
    const Result<void> fits = check_body_so_far();
    if (!fits) co_return fail(fits.error());
    if (first->has_value()) first_piece_ = **first;
    upload_complete_ = body_.is_done();
    const auto endpoints = static_cast<std::uint32_t>(cluster_->endpoints.size());
    std::optional<std::uint32_t> failed;
    for (std::uint32_t attempts = 1;; ++attempts) {
        const std::optional<std::uint32_t> picked = state_.upstreams().pick(plan_->cluster, failed);
        if (!picked) {
            co_return fail(upstream_error(ErrorCode::NoEndpoint, "no endpoint of cluster " + cluster_->config->name + " has a weight"));
        }
        endpoint_ = *picked;
        Result<void> tried = co_await attempt(forward);
        if (tried) break;
        const bool sent_nothing = upstream_ == nullptr;
        co_await finish_upload();
        release_upstream(false);
        if (upload_error_) tried = fail(*upload_error_);
        if (!tried && tried.error().side == Side::Client) co_return tried;
        if (client_gone_) co_return fail(client_error(ErrorCode::ClientClosed, "the client left before the response"));
        state_.metrics().count_upstream_failure(metric_index(), tried.error().code);
        if (!may_retry(tried.error(), attempts, endpoints, sent_nothing)) {
            context_->set(ContextFlag::UpstreamFailed);
            co_return tried;
        }
        state_.metrics().count_retry(metric_index());
        context_->set(ContextFlag::Retried);
        failed = endpoint_;
    }
    Result<void> relayed = co_await relay_response();
    co_return relayed;
}

/// A failed connect may be tried at every other endpoint; a connection that died on reuse once more anywhere, when the
/// request can be repeated.
bool Exchange::may_retry(const Error& error, std::uint32_t attempts, std::uint32_t endpoints,
                         bool sent_nothing) const {
    if (writer_.has_begun() || interim_came_ || cut_) return false;
    if (sent_nothing) return error.retry == Retry::Always && attempts < endpoints;
    return upstream::may_retry({.error = error.retry,
                                .reused_connection = reused_,
                                .response_bytes = response_used_,
                                .idempotent = http::is_idempotent(head_.method),
                                .body_replayable = !upload_started_,
                                .attempts = attempts});
}

/// One try at one endpoint, up to the head of its final response.
net::Task<Result<void>> Exchange::attempt(const config::Forward& forward) {
    UpstreamConnections& upstreams = state_.upstreams();
    Result<void> written = write_request_head(forward);
    if (!written) co_return written;
    // Where one idle connection has died on reuse, the others have probably died with it.
    upstream_ = reused_ ? nullptr : upstreams.take_idle(plan_->cluster, endpoint_);
    reused_ = upstream_ != nullptr;
    response_used_ = 0;
    if (!reused_) {
        Result<UpstreamConnection*> dialed = co_await upstreams.dial(plan_->cluster, endpoint_);
        if (!dialed) co_return fail(std::move(dialed.error()));
        upstream_ = *dialed;
    } else {
        context_->set(ContextFlag::ReusedUpstream);
    }
    if (cut_) co_return fail(client_error(ErrorCode::ClientClosed, "the gateway stopped"));
    state_.metrics().count_upstream_request(metric_index(), reused_);
    context_->mark(Stage::UpstreamConnected, state_.worker().now());
    Result<void> sent = co_await send_request();
    // An upstream may answer and close before it has read everything; its answer counts.
    if (!sent && reused_) co_return fail(upstream_failure(sent.error()));
    co_return co_await read_response_head();
}

std::uint32_t Exchange::metric_index() const { return cluster_->first_endpoint + endpoint_; }

/// The head goes out with what has arrived of the body; the rest follows in a coroutine of its own, so that the upstream
/// may answer before it has all of it.
net::Task<Result<void>> Exchange::send_request() {
    const TimePoint now = state_.worker().now();
    response_deadline_ = upload_complete_ ? now + response_timeout_ : now + no_limit;
    const net::Pieces pieces = framed(request_head_bytes_, first_piece_);
    Result<void> sent = co_await upstream_->stream.write(pieces);
    if (sent && upload_complete_ && !body_.trailers().empty()) {
        sent = co_await upstream_->stream.write({body_.trailers(), http::chunk_end});
    }
    if (!sent) {
        // Its answer may be there all the same, and has the usual time.
        response_deadline_ = state_.worker().now() + response_timeout_;
        co_return sent;
    }
    if (upload_complete_) {
        session_.stream().watch(this);
    } else {
        upload_started_ = true;
        upload_done_.clear();
        net::spawn(upload());
    }
    co_return Result<void>{};
}

/// The pieces that carry `piece` in the framing of the request, after `head`.
net::Pieces Exchange::framed(std::string_view head, const BodyReader::Piece& piece) {
    net::Pieces pieces{head};
    if (head_.framing.kind != http::BodyKind::Chunked) {
        pieces.add(piece.data);
        return pieces;
    }
    if (!piece.data.empty()) {
        const std::size_t size = http::write_chunk_line(
            std::span<char, http::chunk_line_bytes>(chunk_line_), piece.data.size());
        pieces.add({chunk_line_, size});
        pieces.add(piece.data);
        pieces.add(http::chunk_end);
    }
    if (body_.is_done()) pieces.add(body_.trailers().empty() ? "0\r\n\r\n" : http::last_chunk);
    return pieces;
}

net::Task<void> Exchange::upload() {
    Result<void> done = co_await upload_body();
    upload_complete_ = done.has_value();
    if (done) {
        expect_response();
        session_.stream().watch(this);
    } else {
        end_upload_early(std::move(done.error()));
    }
    upload_done_.set();
}

/// What becomes of a request of which the rest will never be sent.
void Exchange::end_upload_early(Error error) {
    // A cut resumes one coroutine; the other may still wait for a client that takes nothing.
    if (cut_) session_.stream().abort();
    if (upstream_ == nullptr || upload_stopped_) return;
    const bool is_stalled = error.code == ErrorCode::ResponseTimeout && !writer_.has_begun();
    if (error.side == Side::Client || is_stalled) {
        // The upstream can't answer a request that it never gets whole, or does not even take it.
        upload_error_ = std::move(error);
        upstream_->stream.abort();
        return;
    }
    // It stopped reading, perhaps because it has answered already.
    expect_response();
}

/// From now on the upstream's silence is its own; once it has begun to answer, the body has limits of its own.
void Exchange::expect_response() {
    response_deadline_ = state_.worker().now() + response_timeout_;
    if (upstream_ == nullptr || writer_.has_begun()) return;
    upstream_->stream.set_read_deadline(response_deadline_);
}

net::Task<Result<void>> Exchange::upload_body() {
    while (!body_.is_done()) {
        Result<BodyReader::Piece> piece = co_await body_.next();
        if (!piece) co_return fail(client_body_error(piece.error()));
        Result<void> fits = check_body_so_far();
        if (!fits) co_return fits;
        Result<void> sent = co_await send_body_piece(*piece);
        if (!sent) co_return fail(upstream_failure(sent.error()));
    }
    co_return Result<void>{};
}

net::Task<Result<void>> Exchange::send_body_piece(const BodyReader::Piece& piece) {
    const net::Pieces pieces = framed({}, piece);
    if (pieces.empty()) co_return Result<void>{};
    Result<void> sent = co_await upstream_->stream.write(pieces);
    if (!sent || !body_.is_done() || body_.trailers().empty()) co_return sent;
    co_return co_await upstream_->stream.write({body_.trailers(), http::chunk_end});
}

/// Ends an upload that goes on although its response is complete, or its upstream gone.
net::Task<void> Exchange::finish_upload() {
    if (!upload_started_ || upload_done_.is_set()) co_return;
    upload_stopped_ = true;
    if (upstream_ != nullptr) upstream_->stream.abort();
    session_.stream().cancel_read();
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
    return client_error(error.code, error.context);
}

/// A failure of the upstream's stream in the words of the exchange.
Error Exchange::upstream_failure(const Error& error) const {
    if (client_gone_) return client_error(ErrorCode::ClientClosed, "the client left before the response");
    const std::string& name = cluster_->endpoint_names[endpoint_];
    switch (error.code) {
        case ErrorCode::TimedOut:
            return upstream_error(ErrorCode::ResponseTimeout, name + " did not answer in time");
        case ErrorCode::Closed:
        case ErrorCode::Cancelled:
            return upstream_error(ErrorCode::UpstreamClosed, name + " closed the connection", Retry::IfReused, error.cause);
        case ErrorCode::BadFraming:
            return upstream_error(ErrorCode::BadResponse, name + ": " + error.context);
        default: break;
    }
    return upstream_error(error.code, name + ": " + error.context, error.retry, error.cause);
}

Result<void> Exchange::write_request_head(const config::Forward& forward) {
    if (!request_buffer_) {
        // The path may grow to three times its size when bytes are percent-encoded.
        std::size_t bytes = snapshot_->head_room_bytes() + 3 * head_.target.size();
        for (const http::Field& field : head_.fields) {
            // What is forwarded may be repeated in X-Forwarded-For and Forwarded.
            bytes += 3 * (field.name.size() + field.value.size() + 4);
        }
        request_buffer_ = state_.worker().buffers().take(bytes);
    }
    http::Fields& fields = scratch_.fields;
    fields = head_.fields;
    const filters::HopByHop removed = filters::remove_hop_by_hop(fields);
    if (removed.too_many_options) {
        return fail(client_error(ErrorCode::BadRequest, "Connection names more fields than the gateway removes"));
    }
    const filters::ForwardedFacts facts{session_.client(), "http", head_.authority, head_.minor_version, request_id_};
    state_.forwarded().apply(fields, facts, scratch_.arena);
    plan_->request_headers.apply(fields);

    http::HeadWriter writer(request_buffer_.from(0));
    write_target(writer, forward);
    writer.field("Host", host_for(forward));
    for (const http::Field& field : fields) {
        if (field.id == http::FieldId::Host || field.id == http::FieldId::ContentLength) continue;
        writer.field(field);
    }
    if (removed.takes_trailers) {
        writer.field("TE", "trailers");
        writer.field("Connection", "TE");
    }
    if (head_.framing.kind == http::BodyKind::Chunked) {
        writer.field("Transfer-Encoding", "chunked");
    } else if (head_.framing.kind == http::BodyKind::Length) {
        writer.field("Content-Length", head_.framing.length);
    }
    writer.end_head();
    if (!writer.is_good()) {
        return fail(Error{ErrorCode::HeadersTooLarge, Side::Client, Retry::Never, "the request head is too large to be forwarded", {}});
    }
    request_head_bytes_ = writer.view();
    return {};
}

std::string_view Exchange::host_for(const config::Forward& forward) const {
    if (forward.host == "keep" && !head_.authority.empty()) return head_.authority;
    const bool is_unix = cluster_->endpoints[endpoint_].kind == net::Destination::Kind::UnixPath;
    // A path is no host (RFC 9110, 7.2).
    if (is_unix && (forward.host == "keep" || forward.host == "endpoint")) return "localhost";
    if (forward.host == "keep" || forward.host == "endpoint") return cluster_->endpoint_names[endpoint_];
    return forward.host;
}

void Exchange::write_target(http::HeadWriter& writer, const config::Forward& forward) const {
    if (!forward.rewrite.empty()) {
        writer.request_line(head_.method_name, rewritten_path(forward.rewrite), head_.query, head_.has_query);
        return;
    }
    std::string_view path = path_;
    const std::string_view prefix = forward.strip_prefix;
    const bool below = path.starts_with(prefix) && (path.size() == prefix.size() || prefix.ends_with('/') || path[prefix.size()] == '/');
    if (!prefix.empty() && below) {
        path.remove_prefix(prefix.ends_with('/') ? prefix.size() - 1 : prefix.size());
        if (path.empty()) path = "/";
    }
    writer.request_line(head_.method_name, path, head_.query, head_.has_query);
}

/// The pattern of a rewrite with the route's parameters put in.
std::string_view Exchange::rewritten_path(std::string_view pattern) const {
    std::string& out = scratch_.rewritten;
    out.clear();
    while (!pattern.empty()) {
        const std::size_t slash = pattern.find('/', 1);
        const std::string_view segment = pattern.substr(0, slash);
        pattern.remove_prefix(segment.size());
        const bool is_param = segment.size() > 2 && (segment[1] == ':' || segment[1] == '*');
        const auto value = is_param ? match_.params.find(segment.substr(2)) : std::nullopt;
        if (value) {
            out.append("/").append(*value);
        } else {
            out.append(segment);
        }
    }
    return out;
}

void Exchange::release_upstream(bool reusable) {
    if (upstream_ == nullptr) return;
    state_.metrics().add_upstream_bytes(metric_index(), upstream_->stream.bytes_written());
    UpstreamConnection& connection = *std::exchange(upstream_, nullptr);
    if (reusable) {
        state_.upstreams().release(connection);
    } else {
        state_.upstreams().discard(connection);
    }
}

}  // namespace sluice::proxy
