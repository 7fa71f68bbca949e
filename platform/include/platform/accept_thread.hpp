#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/result.hpp"
#include "platform/socket.hpp"

namespace sluice::platform {

/// Takes connections from listeners on a thread of its own and hands each on
/// (SharingStrategy::HandOver). The listeners are never tied to a completion port, so that they can
/// be passed to another process.
///
/// Threading: start and stop by one thread; the callback runs on the accept thread.
/// Lifetime:  the listeners outlive the time from start to stop.
/// Failure:   out of descriptors: accepting pauses for a moment and is counted. A broken
///            listener is left out.
class AcceptThread {
public:
    using Deliver = std::function<void(Accepted accepted)>;

    AcceptThread();
    AcceptThread(const AcceptThread&) = delete;
    AcceptThread& operator=(const AcceptThread&) = delete;
    ~AcceptThread();

    /// Begins to accept. At most 60 listeners, the least that all systems can wait for.
    [[nodiscard]] Result<void> start(const std::vector<NativeSocket>& listeners, Deliver deliver);

    /// Ends the thread; no connection is delivered after it returns. May be called again, and when
    /// not started.
    void stop();

    /// How often accepting paused because descriptors had run out. Any thread.
    [[nodiscard]] std::uint64_t pauses() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace sluice::platform
