#include "proxy/health_request.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "grpc/health.hpp"
#include "http/head_parser.hpp"
#include "proxy/health_verdict.hpp"
#include "upstream/health_check_plan.hpp"

namespace sluice::proxy {
namespace {

/// The head of a request as HTTP/1.1 has it, and its body.
struct Question {
    http::Method method;
    std::string head;
    std::string body;
};

std::string request_head(std::string_view method, std::string_view path, const config::HealthCheck& settings,
                         const upstream::EndpointPlace& place, std::string_view fields) {
    const bool is_unix = place.address.kind == config::Address::Kind::UnixPath;
    const std::string_view host = !settings.host.empty() ? settings.host : is_unix ? "localhost" : std::string_view(place.authority);
    std::string head;
    head.append(method).append(" ").append(path).append(" HTTP/1.1\r\nHost: ").append(host);
    head.append("\r\nUser-Agent: sluice-health-check\r\n").append(fields).append("\r\n");
    return head;
}

Question question_of(const config::HealthCheck& settings, const upstream::EndpointPlace& place) {
    if (settings.type == config::HealthCheck::Type::Grpc) {
        constexpr std::string_view fields = "Content-Type: application/grpc\r\nTE: trailers\r\n";
        return {http::Method::Post, request_head("POST", grpc::health_path, settings, place, fields), grpc::health_request(settings.service)};
    }
    // The second is of HTTP/1.1 alone.
    constexpr std::string_view fields = "Accept: */*\r\nConnection: close\r\n";
    return {http::method_of(settings.method), request_head(settings.method, settings.path, settings, place, fields), {}};
}

/// What has come, in a buffer to which the head's fields point.
struct Received {
    net::Buffer buffer;
    std::size_t used = 0;
    std::size_t head_bytes = 0;
    HealthAnswer answer;

    [[nodiscard]] std::span<char> behind_head() { return buffer.from(head_bytes).first(used - head_bytes); }
};

net::Task<Result<void>> read_one_head(UpstreamLink& link, Received& received, TimePoint deadline) {
    http::HeadScanner scanner(http::HeadLimits{});
    for (;;) {
        if (received.used != 0) {
            Result<std::optional<std::size_t>> end = scanner.scan({received.buffer.data(), received.used});
            if (!end) co_return fail(std::move(end.error()));
            if (end->has_value()) {
                received.head_bytes = **end;
                co_return Result<void>{};
            }
        }
        if (received.buffer && received.used == received.buffer.size()) {
            co_return fail(upstream_error(ErrorCode::BadResponse, "the response head is too large"));
        }
        link.set_read_deadline(deadline);
        const Result<std::size_t> got = co_await link.read(received.buffer, received.used);
        if (!got) co_return fail(got.error());
        if (*got == 0) co_return fail(Error{ErrorCode::Closed, Side::Upstream, Retry::Never, {}, {}});
        received.used += *got;
    }
}

/// The first head that is not interim.
net::Task<Result<void>> read_head(UpstreamLink& link, Received& received, http::Method method, TimePoint deadline) {
    http::ResponseHead& head = received.answer.head;
    for (;;) {
        Result<void> read = co_await read_one_head(link, received, deadline);
        if (!read) co_return read;
        Result<void> parsed = http::parse_response_head({received.buffer.data(), received.head_bytes}, http::HeadLimits{}, method, head);
        if (!parsed) co_return parsed;
        if (head.status >= 200 || head.status == 101) co_return parsed;
        const std::span<char> rest = received.behind_head();
        std::ranges::copy(rest, received.buffer.data());
        received.used = rest.size();
        head.clear();
    }
}

/// As much as is looked at; all of it, with the trailers, of gRPC.
net::Task<Result<void>> read_body(UpstreamLink& link, Received& received, const config::HealthCheck& settings) {
    const bool is_grpc = settings.type == config::HealthCheck::Type::Grpc;
    http::Framing framing = received.answer.head.framing;
    // With a length there would be no trailers, which HTTP/2 has all the same.
    if (is_grpc && framing.kind == http::BodyKind::Length) framing.kind = http::BodyKind::UntilClose;
    MessageBody& body = link.begin_body(framing, received.behind_head(), settings.timeout);
    std::string& text = received.answer.body;
    while (!body.is_done() && text.size() < upstream::health_body_bytes) {
        const Result<MessageBody::Piece> piece = co_await body.next();
        if (!piece) co_return fail(piece.error());
        text.append(piece->data);
    }
    if (is_grpc && !body.is_done()) co_return fail(upstream_error(ErrorCode::BadResponse, "the answer is too large"));
    received.answer.trailers = body.trailers();
    co_return Result<void>{};
}

}  // namespace

net::Task<Result<std::string>> ask_health(UpstreamLink& link, const config::HealthCheck& settings, const upstream::EndpointPlace& place,
                                          TimePoint deadline) {
    const Question question = question_of(settings, place);
    const Result<void> sent = co_await link.send({.head = question.head, .first = question.body, .is_last = true});
    // Whoever answers before it has taken the whole request has answered; whoever is gone says so to the reader too.
    if (!sent && sent.error().code != ErrorCode::Closed) co_return fail(sent.error());
    Received received;
    const Result<void> head = co_await read_head(link, received, question.method, deadline);
    if (!head) co_return fail(head.error());
    if (settings.type == config::HealthCheck::Type::Grpc || upstream::needs_body(settings)) {
        const Result<void> body = co_await read_body(link, received, settings);
        if (!body) co_return fail(body.error());
    }
    co_return flaw_of(settings, received.answer);
}

std::string reason_of(const Error& error) {
    if (error.code == ErrorCode::TimedOut) return "no answer in time";
    if (error.code == ErrorCode::Closed && error.context().empty()) return "the connection was closed before the answer";
    std::string reason = error.context().empty() ? std::string(name_of(error.code)) : error.context();
    if (error.code != ErrorCode::Closed && error.cause()) reason += " (" + error.cause().message() + ")";
    return reason;
}

}  // namespace sluice::proxy
