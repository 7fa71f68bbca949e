// Steps 10 to 12 of an exchange: the response comes back.

#include <algorithm>
#include <utility>

#include "filters/hop_by_hop.hpp"
#include "net/worker.hpp"
#include "proxy/exchange.hpp"
#include "proxy/upstream_request.hpp"
#include "proxy/worker_state.hpp"

namespace sluice::proxy {
namespace {

constexpr std::string_view too_many_options = "Connection names too many fields";

/// Says that a body follows, where there can be none. A length of 0 is a common mistake and harmless.
bool announces_body(const http::Fields& fields) {
    return std::ranges::any_of(fields, [](const http::Field& field) {
        return field.id == http::FieldId::TransferEncoding ||
               (field.id == http::FieldId::ContentLength &&
                field.value.find_first_not_of('0') != std::string_view::npos);
    });
}

}  // namespace

/// Reads heads until the final one; interim responses are passed on.
net::Task<Result<void>> Exchange::read_response_head() {
    http::HeadScanner scanner(head_limits(state_.limits()), Side::Upstream);
    for (;;) {
        const Result<bool> found = find_head(scanner);
        if (!found) co_return fail(upstream_failure(found.error()));
        if (*found) {
            const std::uint16_t status = scratch_.response.status;
            // A body that comes all the same must not be read as the next response.
            if (status >= 200 && has_false_body()) scratch_.response.keep_alive = false;
            if (status >= 200 || (status == 101 && !has_false_body() && is_switch_sound())) co_return Result<void>{};
            const Result<void> passed = co_await pass_interim();
            if (!passed) co_return fail(passed.error());
            scanner.clear();
            continue;
        }
        upstream_->set_read_deadline(response_deadline_);
        const Result<std::size_t> got = co_await upstream_->read(response_buffer_, response_used_);
        if (got && *got != 0) {
            response_used_ += *got;
            continue;
        }
        const bool has_second = co_await adopt_hedge();
        if (!has_second && !got) co_return fail(upstream_failure(got.error()));
        if (!has_second) co_return fail(upstream_failure({ErrorCode::Closed, Side::Upstream, Retry::IfReused, {}, {}}));
        scanner.clear();
    }
}

/// Parses the head at the begin of the buffer, if all of it is there; if not, there is room for more.
Result<bool> Exchange::find_head(http::HeadScanner& scanner) {
    if (response_used_ == 0) return false;
    Result<std::optional<std::size_t>> end = scanner.find_end({response_buffer_.data(), response_used_});
    if (!end) return fail(std::move(end.error()));
    if (!end->has_value()) {
        const Result<void> has_room = make_room();
        if (!has_room) return fail(has_room.error());
        return false;
    }
    response_head_bytes_ = **end;
    const std::string_view head(response_buffer_.data(), response_head_bytes_);
    Result<void> parsed = http::parse_response_head(head, head_limits(state_.limits()), head_.method, scratch_.response);
    if (!parsed) return fail(scanner.flaw_of(head, std::move(parsed.error())));
    context_->mark(Stage::FirstByte, state_.worker().now());
    return true;
}

Result<void> Exchange::make_room() {
    if (response_used_ < response_buffer_.size()) return {};
    net::Buffer larger = state_.worker().buffers().take(response_buffer_.size() * 2);
    if (larger.size() <= response_used_) {
        return fail(Error{ErrorCode::BadFraming, Side::Upstream, Retry::Never, "the response head is too large", {}});
    }
    std::copy_n(response_buffer_.data(), response_used_, larger.data());
    response_buffer_ = std::move(larger);
    return {};
}

/// Says that a body follows, where there can be none.
bool Exchange::has_false_body() const {
    const http::ResponseHead& response = scratch_.response;
    return (response.status < 200 || response.status == 204) && announces_body(response.fields);
}

net::Task<Result<void>> Exchange::pass_interim() {
    http::ResponseHead& response = scratch_.response;
    std::string_view flaw;
    if (response.status == 101) flaw = "101 for a protocol that was not asked for";
    if (has_false_body()) flaw = "an interim response with a body";
    if (filters::remove_hop_by_hop(response.fields).too_many_options) flaw = too_many_options;
    if (!flaw.empty()) {
        co_return fail(upstream_failure({ErrorCode::BadResponse, Side::Upstream, Retry::Never, std::string(flaw), {}}));
    }
    interim_came_ = true;
    const Result<void> passed = co_await writer_.send_interim(response);
    if (!passed) {
        client_gone_ = true;
        co_return fail(client_error(ErrorCode::ClientClosed, "the client left before the response"));
    }
    response_used_ -= response_head_bytes_;
    std::copy_n(response_buffer_.data() + response_head_bytes_, response_used_, response_buffer_.data());
    co_return passed;
}

Result<void> Exchange::write_response_head() {
    http::ResponseHead& response = scratch_.response;
    if (filters::remove_hop_by_hop(response.fields).too_many_options) {
        return fail(upstream_failure({ErrorCode::BadResponse, Side::Upstream, Retry::Never, std::string(too_many_options), {}}));
    }
    plan_->response_headers.apply(response.fields);
    // An upstream that answers before it has the whole request: what is left of it can't be told from the next one.
    if (!upload_complete_) writer_.close_after();
    http::HeadWriter& writer = writer_.begin_head(response.status, response.reason, response_head_bytes_ + snapshot_->head_room_bytes());
    for (const http::Field& field : response.fields) {
        if (field.id != http::FieldId::ContentLength) writer.field(field);
    }
    add_sticky_cookie(writer);
    const http::Framing framing = response.framing;
    if (framing.kind == http::BodyKind::None) {
        // HEAD and 304 tell the length that GET would have (RFC 9110, 8.6).
        const http::Field* const length = http::find_field(response.fields, http::FieldId::ContentLength);
        if (length != nullptr && response.status != 204) writer.field(*length);
    }
    is_length_open_ = framing.kind == http::BodyKind::UntilClose || framing.kind == http::BodyKind::Chunked;
    if (!writer_.end_head(framing)) {
        return fail(upstream_error(ErrorCode::BadResponse, endpoint_->name() + " sent a head that is too large"));
    }
    return {};
}

/// Where the client has no cookie for this endpoint yet.
void Exchange::add_sticky_cookie(http::HeadWriter& writer) {
    const upstream::StickyCookie* const sticky = cluster_state().sticky();
    if (sticky == nullptr) return;
    if (sticky_endpoint(cluster_state(), head_.fields) == endpoint_->state().name_hash) return;
    writer.field("Set-Cookie", sticky->set_cookie(*cluster_state().config().sticky, endpoint_->name()));
}

/// What has come with the head goes out with it; otherwise the head does not wait for the body. A response that is all here and
/// goes out at once takes no coroutine.
net::Eventual<Result<void>> Exchange::relay_response() {
    const Duration idle = cluster_state().config().read_timeout;
    if (call_ != grpc::Kind::Other) open_length();
    MessageBody& from_upstream = upstream_->begin_body(scratch_.response.framing,
                                              response_buffer_.from(response_head_bytes_).first(response_used_ - response_head_bytes_), idle);
    MessageBody& body = web_request_ ? translated(from_upstream) : from_upstream;
    Result<void> headed = write_response_head();
    if (!headed) return give_up_response(std::move(headed));
    Result<std::optional<MessageBody::Piece>> buffered = body.next_buffered();
    if (!buffered) return give_up_response(fail(upstream_failure(buffered.error())));
    const MessageBody::Piece first = buffered->value_or(MessageBody::Piece{});
    net::Eventual<Result<void>> sending = writer_.send(first.data, first.is_last, body.trailers());
    if (!first.is_last || !sending.await_ready() || is_uploading()) return relay_rest(body, first.is_last, std::move(sending));
    Result<void> relayed = sending.await_resume();
    if (!relayed) relayed = lost_client();
    end_response(relayed.has_value() && is_reusable());
    return relayed;
}

/// Goes on when the first piece is on its way.
net::Task<Result<void>> Exchange::relay_rest(MessageBody& body, bool is_last, net::Eventual<Result<void>> sending) {
    Result<void> relayed = co_await sending;
    if (!relayed) relayed = lost_client();
    while (relayed && !is_last) {
        if (body.can_splice() && writer_.can_splice()) {
            relayed = co_await relay_spliced(body);
            is_last = body.is_done();
            continue;
        }
        const Result<MessageBody::Piece> next = co_await body.next();
        if (!next) {
            relayed = fail(upstream_failure(next.error()));
            break;
        }
        is_last = next->is_last;
        relayed = co_await writer_.send(next->data, is_last, body.trailers());
        if (!relayed) relayed = lost_client();
    }
    const bool reusable = relayed && is_reusable();
    if (is_uploading()) co_await finish_upload();
    end_response(reusable);
    co_return relayed;
}

/// From socket to socket, as much as there is or a pipe takes.
net::Task<Result<void>> Exchange::relay_spliced(MessageBody& body) {
    const Result<net::SplicePipes::Lent> pipe = co_await body.next_spliced();
    if (!pipe) co_return fail(upstream_failure(pipe.error()));
    if (!*pipe) co_return Result<void>{};
    const Result<void> sent = co_await writer_.splice(**pipe, body.is_done());
    if (!sent) co_return lost_client();
    co_return Result<void>{};
}

net::Task<Result<void>> Exchange::give_up_response(Result<void> failed) {
    if (is_uploading()) co_await finish_upload();
    end_response(false);
    co_return failed;
}

void Exchange::end_response(bool reusable) {
    client_.unwatch();
    release_upstream(reusable);
}

/// What was broken off while nobody waited in it looks whole.
bool Exchange::is_reusable() const {
    return !is_call_late_ && !client_gone_ && scratch_.response.keep_alive && upload_complete_ && upstream_->is_reusable();
}

Result<void> Exchange::lost_client() {
    client_gone_ = true;
    return fail(client_error(ErrorCode::ClientClosed, "the client left in the middle of the response"));
}

}  // namespace sluice::proxy
