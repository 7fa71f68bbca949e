#include "proxy/local_service.hpp"

#include "base/log.hpp"
#include "net/worker.hpp"
#include "proxy/body_reader.hpp"
#include "proxy/error_response.hpp"
#include "proxy/response_writer.hpp"

namespace sluice::proxy {
namespace {

constexpr std::size_t most_body_bytes = std::size_t{1024} * 1024;
constexpr std::size_t head_bytes = 4096;

LocalResponse error_answer(const Error& error) {
    const std::uint16_t status = status_of(error);
    return {status, "text/plain; charset=utf-8", error_body(status, error, {})};
}

net::Task<Result<std::string>> read_body(BodyReader& reader) {
    std::string body;
    while (!reader.is_done()) {
        Result<BodyReader::Piece> piece = co_await reader.next();
        if (!piece) {
            piece.error().side = Side::Client;
            co_return fail(std::move(piece.error()));
        }
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
    if (!writer.end_head({http::BodyKind::Length, response.body.size()})) {
        co_return fail(Error{ErrorCode::Internal, Side::Internal, Retry::Never, "head too large", {}});
    }
    co_return co_await writer.send(response.body, true);
}

/// Serves the request in `reader`; true when the connection can carry another.
net::Task<bool> serve_one(net::Stream& stream, RequestReader& reader, const LocalHandler& handler,
                          const config::Limits& limits) {
    http::RequestHead head;
    const Result<void> parsed = http::parse_request_head(reader.head(), head_limits(limits), head);
    BodyReader body_reader(stream, head.framing, reader.rest(), {limits.body_idle, limits.min_rate, limits.min_rate_grace});
    if (!parsed) {
        ResponseWriter writer(stream, http::Method::Get, 1, false);
        const LocalResponse answer = error_answer(parsed.error());
        const Result<void> sent = co_await send(writer, answer);
        if (sent) co_await reader.linger();
        co_return false;
    }
    if (head.expects_continue) {
        const Result<void> told = co_await stream.write({"HTTP/1.1 100 Continue\r\n\r\n"});
        if (!told) co_return false;
    }
    const Result<std::string> body = co_await read_body(body_reader);
    ResponseWriter writer(stream, head.method, head.minor_version, head.keep_alive && body);
    const LocalResponse answer = body ? handler({head, *body}) : error_answer(body.error());
    const Result<void> sent = co_await send(writer, answer);
    if (!sent || !writer.keeps_alive()) co_return false;
    reader.keep_leftover(body_reader.leftover());
    co_return true;
}

}  // namespace

net::Task<void> serve_locally(net::Stream& stream, RequestReader& reader,
                              const LocalHandler& handler, const config::Limits& limits) {
    for (;;) {
        const Result<bool> head = co_await reader.read_head();
        if (!head) {
            ResponseWriter writer(stream, http::Method::Get, 1, false);
            const LocalResponse answer = error_answer(head.error());
            const Result<void> sent = co_await send(writer, answer);
            if (sent) co_await reader.linger();
            co_return;
        }
        if (!*head) co_return;
        const bool keep = co_await serve_one(stream, reader, handler, limits);
        if (!keep) co_return;
    }
}

}  // namespace sluice::proxy
