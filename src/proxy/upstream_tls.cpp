#include "proxy/upstream_tls.hpp"

#include <utility>

namespace sluice::proxy {
namespace {

/// "orders.internal" of "orders.internal:8443", "::1" of "[::1]:8443". A path has none.
std::string host_of(const upstream::EndpointPlace& place) {
    if (place.address.kind == config::Address::Kind::UnixPath) return "localhost";
    std::string_view host = place.authority;
    if (host.starts_with('[')) return std::string(host.substr(1, host.find(']') - 1));
    return std::string(host.substr(0, host.rfind(':')));
}

}  // namespace

net::Task<Result<void>> secure(net::Stream& stream, const tls::ClientContext& context, const upstream::EndpointState& endpoint,
                               std::shared_ptr<tls::SessionSlot> slot, TimePoint deadline, net::Dialing& dialing) {
    stream.start_tls(context, {host_of(endpoint.place), endpoint.name}, std::move(slot));
    dialing.follow(&stream);
    Result<void> done = co_await stream.handshake(deadline);
    dialing.follow(nullptr);
    if (done || done.error().code == ErrorCode::Cancelled) co_return done;
    if (done.error().code == ErrorCode::TimedOut) {
        co_return fail(upstream_error(ErrorCode::ConnectTimeout, "TLS handshake with " + endpoint.name, Retry::Always));
    }
    co_return fail(upstream_error(ErrorCode::TlsRefused, "TLS handshake with " + endpoint.name + ": " + done.error().context(),
                                  Retry::Always, done.error().cause()));
}

}  // namespace sluice::proxy
