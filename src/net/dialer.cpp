#include "net/dialer.hpp"

#include <string>
#include <vector>

#include "net/stream_core.hpp"
#include "platform/socket.hpp"
#include "platform/socket_address.hpp"

namespace sluice::net {
namespace {

using Endpoint = asio::generic::stream_protocol::endpoint;

class ConnectAwaiter {
public:
    ConnectAwaiter(StreamCore& core, const Endpoint& endpoint, TimePoint deadline)
        : core_(core), endpoint_(endpoint), deadline_(deadline) {}
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiter) {
        core_.start_connect(endpoint_, deadline_, waiter, outcome_);
    }
    [[nodiscard]] std::error_code await_resume() const { return outcome_; }

private:
    StreamCore& core_;
    const Endpoint& endpoint_;
    TimePoint deadline_;
    std::error_code outcome_;
};

/// Waits for the resolver, which works on a thread of its own.
class ResolveAwaiter {
public:
    using Resolver = asio::ip::tcp::resolver;

    ResolveAwaiter(Worker& worker, const Destination& destination)
        : worker_(worker), destination_(destination), resolver_(worker.context()) {}
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiter) {
        resolver_.async_resolve(
            destination_.host, std::to_string(destination_.port), Resolver::flags::numeric_service,
            [this, waiter](std::error_code error, const Resolver::results_type& results) {
                worker_.update_now();
                if (!error) results_ = results;
                waiter.resume();
            });
    }
    Resolver::results_type await_resume() { return std::move(results_); }

private:
    Worker& worker_;
    const Destination& destination_;
    Resolver resolver_;
    Resolver::results_type results_;
};

platform::ListenAddress literal_of(const Destination& destination) {
    using Family = platform::AddressFamily;
    const Family family = destination.kind == Destination::Kind::UnixPath ? Family::Unix
                          : destination.kind == Destination::Kind::Ipv6   ? Family::Ipv6
                                                                          : Family::Ipv4;
    return {family, destination.host, destination.port};
}

std::string text_of(const Destination& destination) {
    if (destination.kind == Destination::Kind::UnixPath) return "unix:" + destination.host;
    const bool brackets = destination.kind == Destination::Kind::Ipv6;
    return (brackets ? "[" + destination.host + "]" : destination.host) + ":" +
           std::to_string(destination.port);
}

Error dial_error(const Destination& destination, std::error_code cause) {
    const bool late = cause == asio::error::timed_out;
    return upstream_error(late ? ErrorCode::ConnectTimeout : ErrorCode::ConnectRefused,
                          "connecting to " + text_of(destination), Retry::Always, cause);
}

Task<Result<Stream>> connect(Worker& worker, const Destination& destination,
                             const Endpoint& endpoint, TimePoint deadline) {
    Stream stream(StreamCore::take(worker));
    StreamCore& core = *stream.core();
    std::error_code error;
    core.socket().open(endpoint.protocol(), error);
    if (!error) error = co_await ConnectAwaiter(core, endpoint, deadline);
    if (error) co_return fail(dial_error(destination, error));
    if (destination.kind != Destination::Kind::UnixPath) {
        platform::set_no_delay(core.socket().native_handle());
    }
    co_return std::move(stream);
}

Task<Result<Stream>> dial_name(Worker& worker, const Destination& destination, TimePoint deadline) {
    const auto results = co_await ResolveAwaiter(worker, destination);
    if (results.empty()) {
        co_return fail(upstream_error(ErrorCode::NameNotFound,
                                      "no address found for the name " + destination.host,
                                      Retry::Always));
    }
    Error last = dial_error(destination, asio::error::timed_out);
    for (const auto& entry : results) {
        if (Clock::now() >= deadline) break;
        const Endpoint endpoint(entry.endpoint());
        Result<Stream> stream = co_await connect(worker, destination, endpoint, deadline);
        if (stream) co_return std::move(*stream);
        last = std::move(stream.error());
    }
    co_return fail(std::move(last));
}

}  // namespace

Task<Result<Stream>> dial(Worker& worker, const Destination& destination, TimePoint deadline) {
    if (destination.kind == Destination::Kind::Name) {
        co_return co_await dial_name(worker, destination, deadline);
    }
    const Result<Endpoint> endpoint = platform::socket_address(literal_of(destination));
    if (!endpoint) {
        co_return fail(upstream_error(ErrorCode::ConnectRefused, endpoint.error().context,
                                      Retry::Always, endpoint.error().cause));
    }
    co_return co_await connect(worker, destination, *endpoint, deadline);
}

}  // namespace sluice::net
