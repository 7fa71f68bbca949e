#include "app/admin_client.hpp"

#include <array>
#include <future>
#include <limits>
#include <span>
#include <utility>

#include "http/head_parser.hpp"
#include "net/dialer.hpp"
#include "net/task.hpp"
#include "net/worker.hpp"
#include "proxy/body_reader.hpp"
#include "proxy/destination.hpp"

namespace sluice::app {
namespace {

constexpr std::size_t most_body_bytes = std::size_t{64} * 1024 * 1024;
constexpr std::size_t head_bytes = std::size_t{16} * 1024;

struct Question {
    config::Address address;
    std::string request;
    http::Method method;
    std::chrono::milliseconds limit;
};

std::string request_text(const AdminPlace& place, std::string_view method, std::string_view target, std::string_view body) {
    const bool is_unix = place.address.kind == config::Address::Kind::UnixPath;
    std::string text(method);
    text.append(" ").append(target).append(" HTTP/1.1\r\nHost: ").append(is_unix ? "localhost" : place.address.text());
    text.append("\r\nUser-Agent: sluice-ctl\r\nAccept: application/json\r\nConnection: close\r\n");
    if (!place.token.empty()) text.append("Authorization: Bearer ").append(place.token).append("\r\n");
    if (!body.empty()) {
        text.append("Content-Type: application/json\r\nContent-Length: ").append(std::to_string(body.size())).append("\r\n");
    }
    return text.append("\r\n").append(body);
}

Error malformed(std::string what) { return upstream_error(ErrorCode::BadResponse, std::move(what)); }

/// The head of the answer and what came with it.
struct Answer {
    std::array<char, head_bytes> buffer;
    std::size_t used = 0;
    std::size_t size = 0;
    http::ResponseHead head;
};

net::Task<Result<void>> read_head(net::Stream& stream, Answer& answer, http::Method method, TimePoint deadline) {
    http::HeadScanner scanner(http::HeadLimits{});
    while (answer.used < answer.buffer.size()) {
        stream.set_read_deadline(deadline);
        const Result<std::size_t> got = co_await stream.read(std::span(answer.buffer).subspan(answer.used));
        if (!got) co_return fail(got.error());
        if (*got == 0) co_return fail(malformed("the connection was closed before the answer"));
        answer.used += *got;
        Result<std::optional<std::size_t>> end = scanner.scan({answer.buffer.data(), answer.used});
        if (!end) co_return fail(std::move(end.error()));
        if (!end->has_value()) continue;
        answer.size = **end;
        co_return http::parse_response_head({answer.buffer.data(), answer.size}, http::HeadLimits{}, method, answer.head);
    }
    co_return fail(malformed("the head of the answer is too large"));
}

net::Task<Result<AdminReply>> ask(net::Worker& worker, const Question& question) {
    const TimePoint deadline = Clock::now() + question.limit;
    const net::Destination destination = proxy::destination_of(question.address);
    Result<net::Stream> stream = co_await net::dial(worker, destination, deadline);
    if (!stream) co_return fail(std::move(stream.error()));
    const Result<void> sent = co_await stream->write({question.request});
    if (!sent) co_return fail(sent.error());
    Answer answer;
    Result<void> read = co_await read_head(*stream, answer, question.method, deadline);
    if (!read) co_return fail(std::move(read.error()));
    // However fast it comes, no more time than is left is earned.
    const Duration left = deadline - worker.now();
    const proxy::ReadPace pace{left, std::numeric_limits<std::uint32_t>::max(), left};
    proxy::BodyReader reader(*stream, answer.head.framing, std::span(answer.buffer).subspan(answer.size, answer.used - answer.size), pace);
    AdminReply reply{answer.head.status, {}};
    while (!reader.is_done()) {
        const Result<proxy::BodyReader::Piece> piece = co_await reader.next();
        if (!piece) co_return fail(piece.error());
        reply.body.append(piece->data);
        if (reply.body.size() > most_body_bytes) co_return fail(malformed("the answer is too large"));
    }
    co_return reply;
}

net::Task<void> tell(net::Worker& worker, const Question& question, std::promise<Result<AdminReply>>& reply) {
    Result<AdminReply> got = co_await ask(worker, question);
    reply.set_value(std::move(got));
}

struct Asking {
    Question question;
    std::promise<Result<AdminReply>> reply;
    net::Worker worker{0, 1};
};

}  // namespace

Result<AdminReply> ask_admin(const AdminPlace& place, std::string_view method, std::string_view target, std::string_view body,
                             std::chrono::milliseconds limit) {
    // A command asks and ends: what it asked with waits until the process goes. Ending its threads first gains nothing, and with
    // Wine a thread that ends beside the process may take it down (docs/platforms.md).
    auto& asking = *new Asking{{place.address, request_text(place, method, target, body), http::method_of(method), limit}};
    asking.worker.start([] {});
    asking.worker.post([&asking] { net::spawn(tell(asking.worker, asking.question, asking.reply)); });
    return asking.reply.get_future().get();
}

}  // namespace sluice::app
