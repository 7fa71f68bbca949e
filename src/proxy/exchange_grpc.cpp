// Calls of gRPC: HTTP, but for how errors are told and how long a call may take; and gRPC-Web, where the route translates it.

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "grpc/status.hpp"
#include "grpc/status_message.hpp"
#include "grpc/timeout.hpp"
#include "grpc/web_trailers.hpp"
#include "net/worker.hpp"
#include "proxy/error_response.hpp"
#include "proxy/exchange.hpp"
#include "proxy/worker_state.hpp"

namespace sluice::proxy {
namespace {

grpc::ContentType content_type(const http::Fields& fields) {
    const http::Field* const type = http::find_field(fields, "Content-Type");
    return type != nullptr ? grpc::content_type_of(type->value) : grpc::ContentType{};
}

/// "grpc-status" and "grpc-message" of an error of the gateway's.
std::string status_lines(const Error& error, std::string_view request_id) {
    std::string message(reason_for_client(error));
    if (!request_id.empty()) message.append(" (request id: ").append(request_id).append(")");
    std::string lines;
    grpc::append_status_lines(lines, grpc::status_of(error), message);
    return lines;
}

}  // namespace

void Exchange::recognise_call() {
    if (head_.method == http::Method::Post) call_ = content_type(head_.fields).kind;
}

/// Once it is known where the call goes: how long it may take, and what is to be translated.
Result<void> Exchange::begin_call(const config::Forward& forward) {
    const http::Field* const timeout = http::find_field(head_.fields, grpc::timeout_field);
    if (timeout != nullptr) {
        const std::optional<Duration> time = grpc::parse_timeout(timeout->value);
        if (!time) return fail(client_error(ErrorCode::BadRequest, "grpc-timeout is no time: 1 to 8 digits and one of H, M, S, m, u, n"));
        call_deadline_.emplace(state_.worker().timers(), [](void* self) { static_cast<Exchange*>(self)->on_call_deadline(); }, this);
        call_deadline_->set(state_.worker().now() + *time);
    }
    // Of a call with streams, either side may wait for the other.
    const bool has_streams = call_ == grpc::Kind::Grpc && cluster_state().config().protocol == config::Protocol::Http2;
    if (has_streams) client_.allow_pauses(std::max<Duration>(state_.limits().body_idle, cluster_state().config().read_timeout));
    if (!forward.grpc_web || !grpc::is_web(call_)) return {};
    const http::Field* const accept = http::find_field(head_.fields, "Accept");
    answer_kind_ = grpc::answer_kind(call_, accept != nullptr ? accept->value : std::string_view{});
    body_ = &web_request_.emplace(*body_, call_);
    make_grpc_request(scratch_.request, content_type(head_.fields), scratch_.arena);
    return {};
}

void Exchange::on_call_deadline() {
    is_call_late_ = true;
    break_off();
}

Error Exchange::call_late() const {
    return upstream_error(ErrorCode::ResponseTimeout, "the call was not over within its grpc-timeout");
}

/// A response of gRPC that tells its length has trailers all the same, which have no place behind a length with HTTP/1.1.
void Exchange::open_length() {
    http::ResponseHead& response = scratch_.response;
    const bool has_length = response.framing.kind == http::BodyKind::Length && upstream_->has_trailers_behind_length();
    if (has_length && content_type(response.fields).kind == grpc::Kind::Grpc) response.framing = {http::BodyKind::UntilClose};
}

/// The response of gRPC as gRPC-Web, if it is one.
MessageBody& Exchange::translated(MessageBody& body) {
    http::Fields& fields = scratch_.response.fields;
    const grpc::ContentType type = content_type(fields);
    if (type.kind != grpc::Kind::Grpc) return body;
    std::string status;
    if (http::find_field(fields, grpc::status_field) != nullptr) grpc::append_web_trailers(status, fields);
    std::string made;
    grpc::append_content_type(made, answer_kind_, type.format);
    std::erase_if(fields, [](const http::Field& field) {
        return field.id == http::FieldId::ContentLength || field.id == http::FieldId::Trailer || grpc::is_status_field(field.name);
    });
    for (http::Field& field : fields) {
        if (equal_ignoring_case(field.name, "Content-Type")) field.value = scratch_.arena.copy(made);
    }
    scratch_.response.framing = {http::BodyKind::UntilClose};
    return web_response_.emplace(body, answer_kind_, std::move(status));
}

/// An error as a response that is nothing but the end of the call ("Trailers-Only").
net::Task<void> Exchange::answer_call_error(const Error& error) {
    const std::string lines = status_lines(error, request_id_);
    std::string type;
    grpc::append_content_type(type, call_, content_type(head_.fields).format);
    http::HeadWriter& writer = writer_.begin_head(200, {}, snapshot_->head_room_bytes() + lines.size() + type.size());
    add_own_fields(writer);
    writer.field("Content-Type", type);
    for (std::string_view rest = lines; !rest.empty();) {
        const std::size_t end = rest.find("\r\n");
        const std::size_t colon = rest.find(": ");
        writer.field(rest.substr(0, colon), rest.substr(colon + 2, end - colon - 2));
        rest.remove_prefix(end + 2);
    }
    if (!writer_.end_head({http::BodyKind::UntilClose})) co_return;
    const Result<void> sent = co_await writer_.send({}, true);
    if (!sent) client_gone_ = true;
}

/// The response has begun: what went wrong stands at its end, where the client looks for it.
net::Task<void> Exchange::end_call(const Error& error) {
    const bool has_trailers = call_ == grpc::Kind::Grpc && head_.major_version == 2 && is_length_open_;
    // Inside a message its end would be taken for the rest of that message.
    const bool has_frame = web_response_ && web_response_->is_between_messages();
    if (!has_trailers && !has_frame) co_return;
    const std::string lines = status_lines(error, request_id_);
    const std::string_view last = has_frame ? web_response_->end(lines) : std::string_view{};
    const Result<void> sent = co_await writer_.send(last, true, has_trailers ? std::string_view(lines) : std::string_view{});
    if (!sent) client_gone_ = true;
}

}  // namespace sluice::proxy
