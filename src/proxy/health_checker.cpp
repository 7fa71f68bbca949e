#include "proxy/health_checker.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "http/head_parser.hpp"
#include "net/worker.hpp"
#include "proxy/body_reader.hpp"
#include "proxy/destination.hpp"
#include "proxy/upstream_tls.hpp"
#include "upstream/health_check_plan.hpp"

namespace sluice::proxy {
namespace {

/// Of the response's body, when something must stand in it.
constexpr std::size_t most_body_bytes = std::size_t{64} * 1024;

std::string request_text(const config::HealthCheck& settings, const upstream::EndpointPlace& place) {
    const bool is_unix = place.address.kind == config::Address::Kind::UnixPath;
    const std::string host = !settings.host.empty() ? settings.host : is_unix ? "localhost" : place.authority;
    return settings.method + " " + settings.path + " HTTP/1.1\r\nHost: " + host +
           "\r\nUser-Agent: sluice-health-check\r\nAccept: */*\r\nConnection: close\r\n\r\n";
}

std::string reason_of(const Error& error) {
    if (error.code == ErrorCode::TimedOut) return "no answer in time";
    if (error.code == ErrorCode::Closed) return "the connection was closed before the answer";
    return error.context.empty() ? std::string(name_of(error.code)) : error.context;
}

http::Method method_of(const config::HealthCheck& settings) {
    return settings.method == "HEAD" ? http::Method::Head : http::Method::Get;
}

/// The head of a response in a buffer of its own.
struct Answer {
    std::array<char, 16 * 1024> buffer;
    std::size_t used = 0;
    std::size_t head_bytes = 0;
    http::ResponseHead head;
};

net::Task<Result<void>> read_head(net::Stream& stream, Answer& answer, http::Method method, TimePoint deadline) {
    http::HeadScanner scanner(http::HeadLimits{});
    for (;;) {
        if (answer.used == answer.buffer.size()) {
            co_return fail(upstream_error(ErrorCode::BadResponse, "the response head is too large"));
        }
        stream.set_read_deadline(deadline);
        const Result<std::size_t> got = co_await stream.read(std::span(answer.buffer).subspan(answer.used));
        if (!got) co_return fail(got.error());
        if (*got == 0) co_return fail(Error{ErrorCode::Closed, Side::Upstream, Retry::Never, {}, {}});
        answer.used += *got;
        Result<std::optional<std::size_t>> end = scanner.scan({answer.buffer.data(), answer.used});
        if (!end) co_return fail(std::move(end.error()));
        if (!end->has_value()) continue;
        answer.head_bytes = **end;
        co_return http::parse_response_head({answer.buffer.data(), answer.head_bytes}, http::HeadLimits{}, method, answer.head);
    }
}

net::Task<Result<std::string>> read_body(net::Stream& stream, Answer& answer, Duration time_left) {
    // However fast it comes, no more time than is left is earned.
    const ReadPace pace{time_left, std::numeric_limits<std::uint32_t>::max(), time_left};
    const std::size_t begun = answer.used - answer.head_bytes;
    BodyReader reader(stream, answer.head.framing, std::span(answer.buffer).subspan(answer.head_bytes, begun), pace);
    std::string body;
    while (!reader.is_done() && body.size() < most_body_bytes) {
        const Result<BodyReader::Piece> piece = co_await reader.next();
        if (!piece) co_return fail(piece.error());
        body.append(piece->data);
    }
    co_return body;
}

}  // namespace

void HealthChecker::Check::end() {
    is_ended = true;
    // Each ends at most one wait; the coroutine then sees that it is to end.
    if (dialing.abort() || pause.end()) return;
    if (stream.is_open()) stream.abort();
}

void HealthChecker::follow(const std::shared_ptr<upstream::ClusterState>& cluster) {
    if (!cluster->config().health_check || on_ended_) return;
    const auto set = cluster->endpoints();
    std::vector<Check*> gone;
    for (Check& check : checks_) {
        const bool is_member = cluster->has(*check.endpoint);
        if (check.cluster == cluster) {
            if (!is_member) gone.push_back(&check);
        } else if (is_member) {
            if (check.cluster->config().health_check != cluster->config().health_check) gone.push_back(&check);
            check.cluster = cluster;
            // What came of checks meanwhile was told to the one before.
            cluster->touch();
        }
    }
    for (Check* const check : gone) check->end();
    for (const upstream::Member& member : set->members) {
        const auto is_same = [&](const Check& check) { return check.endpoint == member.endpoint && !check.is_ended; };
        if (std::ranges::any_of(checks_, is_same)) continue;
        checks_.emplace_back(worker_.timers(), cluster, member.endpoint);
        net::spawn(run(std::prev(checks_.end())));
    }
}

void HealthChecker::leave(const upstream::ClusterState& cluster, const std::shared_ptr<upstream::ClusterState>& successor) {
    std::vector<Check*> gone;
    for (Check& check : checks_) {
        if (check.cluster.get() != &cluster) continue;
        check.forgets = true;
        check.successor = successor;
        gone.push_back(&check);
    }
    for (Check* const check : gone) check->end();
}

void HealthChecker::stop(std::function<void()> on_ended) {
    on_ended_ = std::move(on_ended);
    if (checks_.empty()) {
        on_ended_();
        return;
    }
    std::vector<Check*> all;
    for (Check& check : checks_) all.push_back(&check);
    for (Check* const check : all) check->end();
}

net::Task<void> HealthChecker::run(Place place) {
    Check& check = *place;
    while (!check.is_ended) {
        const std::string flaw = co_await check_once(check);
        check.stream = net::Stream();
        if (check.is_ended) break;
        record(check, flaw);
        const config::HealthCheck& settings = *check.cluster->config().health_check;
        const TimePoint next = worker_.now() + upstream::next_check(settings, worker_.random());
        co_await check.pause.until(next);
    }
    if (check.forgets) check.endpoint->health.forget();
    if (check.successor) check.successor->touch();
    checks_.erase(place);
    if (checks_.empty() && on_ended_) on_ended_();
}

net::Task<std::string> HealthChecker::check_once(Check& check) {
    // Another may take the cluster's place meanwhile.
    const std::shared_ptr<upstream::ClusterState> cluster = check.cluster;
    const config::HealthCheck& settings = *cluster->config().health_check;
    const TimePoint deadline = worker_.now() + settings.timeout;
    const net::Destination destination = destination_of(check.endpoint->place.address);
    Result<net::Stream> stream = co_await net::dial(worker_, destination, deadline, &check.dialing);
    if (stream && cluster->tls()) {
        const Result<void> secured = co_await secure(*stream, *cluster->tls(), *check.endpoint, check.session, deadline, check.dialing);
        if (!secured) stream = fail(secured.error());
    }
    if (!stream) {
        std::string reason = stream.error().context;
        if (stream.error().cause) reason += " (" + stream.error().cause.message() + ")";
        co_return reason;
    }
    check.stream = std::move(*stream);
    if (settings.type == config::HealthCheck::Type::Tcp) co_return std::string{};
    co_return co_await ask(check, deadline);
}

net::Task<std::string> HealthChecker::ask(Check& check, TimePoint deadline) {
    const std::shared_ptr<upstream::ClusterState> cluster = check.cluster;
    const config::HealthCheck& settings = *cluster->config().health_check;
    const std::string request = request_text(settings, check.endpoint->place);
    check.stream.set_write_stall_limit(settings.timeout);
    const Result<void> sent = co_await check.stream.write(net::Pieces(request));
    if (!sent) co_return reason_of(sent.error());
    const auto answer = std::make_unique<Answer>();
    const Result<void> head = co_await read_head(check.stream, *answer, method_of(settings), deadline);
    if (!head) co_return reason_of(head.error());
    std::string body;
    if (!settings.body.empty()) {
        Result<std::string> read = co_await read_body(check.stream, *answer, deadline - worker_.now());
        if (!read) co_return reason_of(read.error());
        body = std::move(*read);
    }
    if (!config::contains(settings.statuses, answer->head.status)) co_return "status " + std::to_string(answer->head.status);
    if (!upstream::is_expected(settings, answer->head.status, body)) co_return std::string("the body lacks the expected text");
    co_return std::string{};
}

void HealthChecker::record(Check& check, const std::string& flaw) {
    // Arguments are made in any order: what is moved into one can't be looked at for another.
    const bool has_passed = flaw.empty();
    const bool has_changed = check.cluster->record_check(*check.endpoint, has_passed, flaw, worker_.now());
    if (!has_changed) return;
    const std::string& cluster = check.cluster->config().name;
    if (has_passed) {
        log_.info("endpoint is up", {{"cluster", cluster}, {"endpoint", check.endpoint->name}});
    } else {
        log_.warn("endpoint is down", {{"cluster", cluster}, {"endpoint", check.endpoint->name}, {"reason", flaw}});
    }
}

}  // namespace sluice::proxy
