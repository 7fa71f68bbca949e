#pragma once

#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "net/dialer.hpp"
#include "net/stream.hpp"
#include "net/task.hpp"
#include "tls/client_context.hpp"
#include "upstream/endpoint_state.hpp"

namespace sluice::proxy {

/// Begins TLS on a connection that was just dialed, before `deadline`.
///
/// Lifetime: all that is referred to outlives the task.
/// Failure:  side Upstream: TlsRefused with the reason, ConnectTimeout; may always be tried again elsewhere. Cancelled after
///           Dialing::abort.
[[nodiscard]] net::Task<Result<void>> secure(net::Stream& stream, const tls::ClientContext& context,
                                             const upstream::EndpointState& endpoint, std::shared_ptr<tls::SessionSlot> slot,
                                             TimePoint deadline, net::Dialing& dialing);

}  // namespace sluice::proxy
