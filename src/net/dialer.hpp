#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "net/stream.hpp"
#include "net/task.hpp"

namespace sluice::net {

/// Where to connect to.
struct Destination {
    enum class Kind : std::uint8_t { Ipv4, Ipv6, UnixPath };
    Kind kind = Kind::Ipv4;
    /// Literal without brackets, or path.
    std::string host;
    std::uint16_t port = 0;
};

/// A connect under way, so that it can be broken off.
class Dialing {
public:
    /// Ends the connect with ErrorCode::Cancelled, soon; false when none is under way.
    bool abort();
    /// The stream goes on with what belongs to the connect, such as a handshake: `abort` ends its waits. nullptr: it is done.
    void follow(const Stream* stream);

private:
    friend Task<Result<Stream>> dial(Worker&, const Destination&, TimePoint, Dialing*);
    StreamCore* core_ = nullptr;
};

/// Connects a stream on `worker` before `deadline`. Names are the resolver's business: a destination is where a socket
/// can go.
///
/// Lifetime: `destination` and `dialing` outlive the task.
/// Failure:  side Upstream: ConnectRefused, ConnectTimeout; may always be tried again elsewhere. Cancelled after
///           Dialing::abort.
[[nodiscard]] Task<Result<Stream>> dial(Worker& worker, const Destination& destination, TimePoint deadline,
                                        Dialing* dialing = nullptr);

}  // namespace sluice::net
