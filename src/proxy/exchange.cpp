#include "proxy/exchange.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "net/worker.hpp"
#include "proxy/error_response.hpp"
#include "proxy/route_choice.hpp"
#include "proxy/redirect_location.hpp"
#include "proxy/tunnel.hpp"
#include "proxy/worker_state.hpp"

namespace sluice::proxy {
namespace {

/// For a client that left before it got a status; nothing is sent with it.
constexpr std::uint16_t client_closed_status = 499;

/// Seconds until it may be worth to ask again.
std::string retry_after(const upstream::Breaker* breaker, TimePoint now) {
    if (breaker == nullptr) return "1";
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(breaker->retry_after(now)).count();
    return std::to_string(std::max<std::int64_t>(seconds, 1));
}

}  // namespace

Exchange::Exchange(ClientLink& client, Scratch& scratch, MessageBody& body, ResponseWriter& writer, TimePoint first_byte)
    : client_(client),
      state_(client.state()),
      snapshot_(state_.snapshot()),
      context_(state_.contexts().lease()),
      scratch_(scratch),
      head_(scratch.request),
      body_(&body),
      writer_(writer) {
    state_.metrics().request_started();
    sent_before_ = client_.bytes_written();
    context_->begin(first_byte);
    context_->mark(Stage::HeadComplete, state_.worker().now());
}

Exchange::~Exchange() { client_.unwatch(); }

net::Task<Exchange::End> Exchange::run() {
    choose_request_id();
    recognise_call();
    const config::Redirect* const to_https = redirect_to_https();
    Result<void> done = to_https == nullptr ? route() : Result<void>{};
    const bool has_route = done && match_.route != nullptr;
    const auto* const forward_to = has_route ? std::get_if<config::Forward>(&match_.route->action) : nullptr;
    if (forward_to != nullptr) {
        done = co_await forward(*forward_to);
    } else if (done) {
        const Result<std::string_view> body = write_own_head(to_https);
        if (!body) done = fail(body.error());
        if (body) {
            const Result<void> sent = co_await writer_.send(*body, true);
            if (!sent) client_gone_ = true;
        }
    }
    if (!done) co_await answer_error(done.error());
    account();
    if (!writer_.is_complete() || cut_ || client_gone_) {
        // Where the end of the connection is the end of the body, only a reset tells that it is not whole.
        if (writer_.has_begun() && writer_.ends_by_close()) client_.reset_on_close();
        co_return End::Broken;
    }
    co_return writer_.keeps_alive() && !client_.is_draining() ? End::Keep : End::Close;
}

/// Where the listener is there for that alone; otherwise nullptr.
const config::Redirect* Exchange::redirect_to_https() const {
    static const config::Redirect to_https{308, "https://{host}{path}"};
    // "OPTIONS *" names no place.
    const bool has_place = head_.path.starts_with('/') && !head_.authority.empty();
    return client_.entrance().redirects_to_https && has_place ? &to_https : nullptr;
}

net::Task<void> Exchange::run_refused(const Error& error) {
    state_.metrics().count_refused(error.code);
    writer_.close_after();
    choose_request_id();
    co_await answer_error(error);
    account();
}

void Exchange::choose_request_id() {
    request_id_ = snapshot_->forwarded().request_id(head_.fields, scratch_.arena, state_.worker().random());
    context_->set_request_id(request_id_);
}

/// Steps 4 and 6: the path in its normal form, and the route for it. Without a route and without an error the request
/// is "OPTIONS *".
Result<void> Exchange::route() {
    Result<void> chosen = choose_route(snapshot_->routes(), head_, scratch_.path, path_, match_);
    if (!chosen || match_.route == nullptr) return chosen;
    plan_ = &snapshot_->route(match_.route_index);
    context_->set_route(match_.route, match_.route_index);
    context_->mark(Stage::Routed, state_.worker().now());
    return check_body_limit(*match_.route, head_.framing);
}

/// The same for what has come of a body whose length nobody told.
Result<void> Exchange::check_body_so_far() const {
    const std::uint64_t limit = match_.route->max_body_bytes;
    if (limit == 0 || body_->body_bytes() <= limit) return {};
    return fail(client_error(ErrorCode::BodyTooLarge, "the body is larger than this route takes"));
}

/// What every answer of the gateway's own begins with.
http::Fields& Exchange::own_fields() {
    // The client that asked may send its body or not: nobody can tell it from the next request.
    if (head_.expects_continue && !body_->is_done()) writer_.close_after();
    http::Fields& fields = state_.fields();
    fields.clear();
    fields.push_back({"Date", state_.http_date()});
    const std::string_view request_id = snapshot_->forwarded().request_id_header();
    if (!request_id.empty()) fields.push_back({request_id, request_id_});
    return fields;
}

void Exchange::add_own_fields(http::HeadWriter& writer) {
    for (const http::Field& field : own_fields()) writer.field(field);
}

/// Changed as the route says, as an upstream's are.
void Exchange::add_edited(http::Fields& fields, http::HeadWriter& writer) const {
    if (plan_ != nullptr) plan_->response_headers.apply(fields);
    for (const http::Field& field : fields) writer.field(field);
}

Result<std::string_view> Exchange::write_own_head(const config::Redirect* to_https) {
    context_->set(ContextFlag::AnsweredHere);
    if (to_https != nullptr) return redirect(*to_https);
    if (match_.route == nullptr) return options();
    if (const auto* direct = std::get_if<config::Respond>(&match_.route->action)) return respond(*direct);
    return redirect(std::get<config::Redirect>(match_.route->action));
}

Result<std::string_view> Exchange::respond(const config::Respond& respond) {
    context_->set(ContextFlag::AnsweredHere);
    if (client_.must_switch() && http::is_success(respond.status)) {
        return fail(client_error(ErrorCode::NotImplemented, "this route leads to no other protocol"));
    }
    http::HeadWriter& writer = writer_.begin_head(respond.status, {}, snapshot_->head_room_bytes());
    http::Fields& fields = own_fields();
    bool has_type = false;
    for (const config::HeaderValue& field : respond.headers) {
        has_type = has_type || equal_ignoring_case(field.name, "Content-Type");
        fields.push_back({field.name, field.value});
    }
    if (!has_type && !respond.body.empty()) fields.push_back({"Content-Type", "text/plain; charset=utf-8"});
    add_edited(fields, writer);
    if (!writer_.end_head({http::BodyKind::Length, respond.body.size()})) {
        return fail(Error{ErrorCode::Internal, Side::Internal, Retry::Never, "the response's fields do not fit", {}});
    }
    return respond.body;
}

Result<std::string_view> Exchange::redirect(const config::Redirect& redirect) {
    const std::string_view location = redirect_location(redirect.location, head_, scratch_.rewritten);
    http::HeadWriter& writer = writer_.begin_head(redirect.status, {}, snapshot_->head_room_bytes() + location.size());
    http::Fields& fields = own_fields();
    fields.push_back({"Location", location});
    add_edited(fields, writer);
    if (!writer_.end_head({http::BodyKind::Length, 0})) {
        return fail(Error{ErrorCode::Internal, Side::Internal, Retry::Never, "the location does not fit", {}});
    }
    return std::string_view{};
}

/// "OPTIONS *" asks about the server as a whole (RFC 9110, 9.3.7).
Result<std::string_view> Exchange::options() {
    http::HeadWriter& writer = writer_.begin_head(204, {}, snapshot_->head_room_bytes());
    add_own_fields(writer);
    writer.field("Allow", known_methods);
    if (!writer_.end_head({})) return fail(Error{ErrorCode::Internal, Side::Internal, Retry::Never, "the methods do not fit", {}});
    return std::string_view{};
}

net::Task<void> Exchange::answer_error(const Error& error) {
    error_ = error;
    if (error.code == ErrorCode::ClientClosed || client_gone_ || cut_) {
        client_gone_ = true;
        co_return;
    }
    // The head is out: closing is the only way left to say that something broke.
    if (writer_.has_begun()) {
        co_await end_call(error);
        co_return;
    }
    const std::uint16_t status = status_of(error);
    // An unread body may never end; and a client at fault has lost our trust in where its next request begins.
    if (!body_->is_done() && (error.code == ErrorCode::BodyTooLarge || error.code == ErrorCode::BodyTimeout || error.code == ErrorCode::BadFraming)) {
        writer_.close_after();
    }
    if (upload_started_ && !upload_complete_) writer_.close_after();
    if (call_ != grpc::Kind::Other) {
        co_await answer_call_error(error);
        co_return;
    }
    const std::string body = error_body(status, error, request_id_);
    http::HeadWriter& writer = writer_.begin_head(status, {}, snapshot_->head_room_bytes());
    add_own_fields(writer);
    if (error.code == ErrorCode::MethodNotAllowed) writer.field("Allow", match_.allow);
    if (status == 503) writer.field("Retry-After", retry_after(breaker_, state_.worker().now()));
    writer.field("Content-Type", "text/plain; charset=utf-8");
    writer.field("Cache-Control", "no-store");
    if (!writer_.end_head({http::BodyKind::Length, body.size()})) co_return;
    const Result<void> sent = co_await writer_.send(body, true);
    if (!sent) client_gone_ = true;
}

/// Step 13.
void Exchange::account() {
    const TimePoint now = state_.worker().now();
    context_->mark(Stage::Done, now);
    if (client_gone_) context_->set(ContextFlag::ClientGone);
    const std::uint16_t status = client_gone_ && !writer_.has_begun() ? client_closed_status : writer_.status();
    const std::uint32_t route = plan_ == nullptr ? telemetry::no_route : plan_->metric;
    // How long an upgraded connection lives says nothing about how fast requests are.
    const Stage last = context_->has(ContextFlag::Upgraded) ? Stage::FirstByte : Stage::Done;
    const auto micros = context_->between(Stage::Accepted, last).value_or(std::chrono::microseconds{});
    telemetry::WorkerMetrics& metrics = state_.metrics();
    metrics.count_request(route, status, static_cast<std::uint64_t>(micros.count()));
    metrics.add_client_bytes(received_bytes(), sent_bytes());
    state_.publish_soon();
    const std::chrono::milliseconds slow = snapshot_->config().log.slow;
    const bool is_slow = slow.count() != 0 && micros > slow;
    if (!is_slow && state_.access_log() == nullptr) return;
    const telemetry::AccessRecord record = access_record(status);
    if (is_slow) metrics.slow_requests().add(record);
    if (state_.access_log() != nullptr) state_.access_log()->write(record, now);
}

std::uint64_t Exchange::received_bytes() const { return client_.head_bytes() + body_->body_bytes() + tunnel_bytes_; }

std::uint64_t Exchange::sent_bytes() const { return client_.bytes_written() - sent_before_; }

telemetry::AccessRecord Exchange::access_record(std::uint16_t status) const {
    telemetry::AccessRecord record;
    record.time_milliseconds = wall_clock_milliseconds();
    record.client = snapshot_->forwarded().client_address(client_.client(), head_.fields);
    record.method = head_.method_name;
    record.host = head_.authority;
    record.path = head_.target;
    record.status = status;
    record.received_bytes = received_bytes();
    record.sent_bytes = sent_bytes();
    record.stages = {context_->between(Stage::Accepted, Stage::HeadComplete),
                     context_->between(Stage::HeadComplete, Stage::Routed),
                     context_->between(Stage::Routed, Stage::UpstreamConnected),
                     context_->between(Stage::UpstreamConnected, Stage::FirstByte),
                     context_->between(Stage::FirstByte, Stage::Done),
                     context_->between(Stage::Accepted, Stage::Done)};
    if (plan_ != nullptr) record.route = plan_->label;
    if (cluster_plan_ != nullptr) record.cluster = cluster_state().config().name;
    if (endpoint_) record.endpoint = endpoint_->name();
    record.request_id = request_id_;
    record.is_retried = context_->has(ContextFlag::Retried);
    record.error = error_ ? &*error_ : nullptr;
    return record;
}

void Exchange::cut() {
    cut_ = true;
    if (tunnel_ != nullptr) {
        tunnel_->cut();
        return;
    }
    // The first coroutine that is resumed may end this exchange and its session, so there is only one call that resumes; what
    // it leads to finds the other stream unusable.
    client_.refuse_waits();
    if (upstream_ != nullptr && upstream_->is_awaited()) {
        upstream_->abort();
    } else if (!abort_wait(ConnectionWait::Abort::Dial) && !abort_hedge() && !end_backoff()) {
        client_.abort();
    }
}

/// Something came from the client while its request is being answered: the next request, or its farewell.
void Exchange::on_unawaited_input() {
    if (!client_.has_left()) return;
    if (tunnel_ != nullptr) {
        tunnel_->cut();
        return;
    }
    client_gone_ = true;
    break_off();
}

/// What goes on has no purpose any more.
void Exchange::break_off() {
    const bool waits_for_hedge = hedge_ && hedge_->is_under_way() && upstream_ != nullptr && !upstream_->is_awaited();
    if (upstream_ != nullptr && !waits_for_hedge) {
        upstream_->abort();
    } else if (!abort_wait(ConnectionWait::Abort::Wait) && !abort_hedge()) {
        std::ignore = end_backoff();
    }
}

}  // namespace sluice::proxy
