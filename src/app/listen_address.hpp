#pragma once

#include "config/model.hpp"
#include "platform/shared_listener.hpp"

namespace sluice::app {

/// The configuration's address as the platform takes it. Names are not listened on; the validation has refused them.
[[nodiscard]] inline platform::ListenAddress listen_address(const config::Address& address) {
    using Kind = config::Address::Kind;
    const platform::AddressFamily family = address.kind == Kind::UnixPath ? platform::AddressFamily::Unix
                                           : address.kind == Kind::Ipv6   ? platform::AddressFamily::Ipv6
                                                                          : platform::AddressFamily::Ipv4;
    return {family, address.host, address.port};
}

}  // namespace sluice::app
