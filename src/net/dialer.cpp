#include "net/dialer.hpp"

#include <string>

#include "net/stream_core.hpp"
#include "platform/socket.hpp"
#include "platform/socket_address.hpp"

namespace sluice::net {
namespace {

using Endpoint = platform::SocketAddress;

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
    if (cause == asio::error::operation_aborted) return cancelled();
    const bool late = cause == asio::error::timed_out;
    return upstream_error(late ? ErrorCode::ConnectTimeout : ErrorCode::ConnectRefused,
                          "connecting to " + text_of(destination), Retry::Always, cause);
}

}  // namespace

bool Dialing::abort() {
    if (core_ == nullptr) return false;
    core_->abort();
    return true;
}

void Dialing::follow(const Stream* stream) { core_ = stream != nullptr ? stream->core() : nullptr; }

Task<Result<Stream>> dial(Worker& worker, const Destination& destination, TimePoint deadline, Dialing* dialing) {
    const Result<Endpoint> endpoint = platform::socket_address(literal_of(destination));
    if (!endpoint) {
        co_return fail(upstream_error(ErrorCode::ConnectRefused, endpoint.error().context(), Retry::Always,
                                      endpoint.error().cause()));
    }
    Stream stream(StreamCore::take(worker));
    StreamCore& core = *stream.core();
    std::error_code error;
    core.socket().open(*endpoint, error);
    if (!error) {
        if (dialing != nullptr) dialing->core_ = &core;
        error = co_await ConnectAwaiter(core, *endpoint, deadline);
        if (dialing != nullptr) dialing->core_ = nullptr;
    }
    if (error) co_return fail(dial_error(destination, error));
    if (destination.kind != Destination::Kind::UnixPath) platform::set_no_delay(core.socket().native_handle());
    co_return std::move(stream);
}

}  // namespace sluice::net
