#include "proxy/local_service.hpp"

#include "base/log.hpp"
#include "net/worker.hpp"
#include "proxy/body_reader.hpp"
#include "proxy/error_response.hpp"
#include "proxy/http1_response_writer.hpp"

namespace sluice::proxy {
namespace {

constexpr std::size_t most_body_bytes = std::size_t{1024} * 1024;
constexpr std::size_t head_bytes = 4096;

/// An error of the body reader, seen as the client's.
Error body_error(Error error) {
    error.side = Side::Client;
    if (error.code == ErrorCode::TimedOut) {
        error.code = ErrorCode::BodyTimeout;
        error.set_context("the body came too slowly");
    } else if (error.code != ErrorCode::BadFraming) {
        error.code = ErrorCode::ClientClosed;
    }
    return error;
}

net::Task<Result<std::string>> read_body(BodyReader& reader) {
    std::string body;
    while (!reader.is_done()) {
        Result<BodyReader::Piece> piece = co_await reader.next();
        if (!piece) co_return fail(body_error(std::move(piece.error())));
        body.append(piece->data);
        if (body.size() > most_body_bytes) {
            co_return fail(client_error(ErrorCode::BodyTooLarge, "at most 1 MiB is taken here"));
        }
    }
    co_return body;
}

net::Task<Result<void>> send(ResponseWriter& writer, const LocalResponse& response) {
    http::HeadWriter& head = writer.begin_head(response.status, {}, head_bytes);
    const http::HttpDate date = http::http_date(wall_clock_milliseconds() / 1000);
    head.field("Date", std::string_view(date.data(), date.size()));
    head.field("Content-Type", response.content_type);
    head.field("Cache-Control", "no-store");
    for (const auto& [name, value] : response.headers) head.field(name, value);
    if (!writer.end_head({http::BodyKind::Length, response.body.size()})) {
        co_return fail(Error{ErrorCode::Internal, Side::Internal, Retry::Never, "head too large", {}});
    }
    co_return co_await writer.send(response.body, true);
}

LocalPeer local_peer(const platform::Peer& client, const net::Stream& stream) {
    const bool is_unix = client.family == platform::AddressFamily::Unix;
    return {is_unix, client.address_text(), is_unix ? stream.peer_user() : std::nullopt};
}

}  // namespace

std::optional<std::string_view> LocalRequest::header(std::string_view name) const {
    const http::Field* const field = http::find_field(head.fields, name);
    return field == nullptr ? std::nullopt : std::optional(field->value);
}

LocalResponse plain_error(const Error& error) {
    const std::uint16_t status = status_of(error);
    return {status, "text/plain; charset=utf-8", error_body(status, error, {}), {}};
}

net::Task<void> refuse_locally(net::Stream& stream, RequestReader& reader, const Error& error) {
    Http1ResponseWriter writer(stream, http::Method::Get, 1, false);
    const LocalResponse answer = plain_error(error);
    const Result<void> sent = co_await send(writer, answer);
    if (sent) co_await reader.linger();
}

net::Task<bool> serve_locally(net::Stream& stream, RequestReader& reader, const platform::Peer& client, const LocalHandler& handler,
                              const config::Limits& limits, const bool& is_draining) {
    http::RequestHead head;
    const Result<void> parsed = reader.parse_head(head);
    BodyReader body_reader(stream, head.framing, reader.rest(), {limits.body_idle, limits.min_rate, limits.min_rate_grace});
    if (!parsed) {
        co_await refuse_locally(stream, reader, parsed.error());
        co_return false;
    }
    if (head.expects_continue) {
        const Result<void> told = co_await stream.write({"HTTP/1.1 100 Continue\r\n\r\n"});
        if (!told) co_return false;
    }
    const Result<std::string> body = co_await read_body(body_reader);
    if (!body && body.error().code == ErrorCode::ClientClosed) co_return false;
    Http1ResponseWriter writer(stream, head.method, head.minor_version, head.keep_alive && body);
    const LocalPeer peer = local_peer(client, stream);
    const LocalRequest request{head, body ? std::string_view(*body) : std::string_view{}, peer, stream.worker(),
                               body ? nullptr : &body.error()};
    const LocalResponse answer = co_await handler(request);
    if (is_draining) writer.close_after();
    const Result<void> sent = co_await send(writer, answer);
    if (sent && !body) co_await reader.linger();
    if (!sent || !writer.keeps_alive()) co_return false;
    reader.keep_leftover(body_reader.leftover());
    co_return true;
}

}  // namespace sluice::proxy
