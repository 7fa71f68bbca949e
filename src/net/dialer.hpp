#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "net/stream.hpp"
#include "net/task.hpp"

namespace sluice::net {

/// Where to connect to.
struct Destination {
    enum class Kind : std::uint8_t { Ipv4, Ipv6, Name, UnixPath };
    Kind kind = Kind::Ipv4;
    /// Literal without brackets, DNS name, or path.
    std::string host;
    std::uint16_t port = 0;
};

/// Connects a stream on `worker` before `deadline`. Names are resolved off the worker's thread, and every address of
/// a name is tried in turn.
///
/// Lifetime: `destination` outlives the task.
/// Failure:  side Upstream: NameNotFound, ConnectRefused, ConnectTimeout. May always be tried again elsewhere.
[[nodiscard]] Task<Result<Stream>> dial(Worker& worker, const Destination& destination,
                                        TimePoint deadline);

}  // namespace sluice::net
