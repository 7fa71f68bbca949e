#pragma once

#include "config/values.hpp"
#include "net/dialer.hpp"

namespace sluice::proxy {

/// Where to connect to for an endpoint's address; names have been looked up before.
[[nodiscard]] inline net::Destination destination_of(const config::Address& address) {
    using From = config::Address::Kind;
    using To = net::Destination::Kind;
    switch (address.kind) {
        case From::Ipv6: return {To::Ipv6, address.host, address.port};
        case From::UnixPath: return {To::UnixPath, address.host, 0};
        case From::Ipv4:
        case From::Name: break;
    }
    return {To::Ipv4, address.host, address.port};
}

}  // namespace sluice::proxy
