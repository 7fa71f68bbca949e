#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/result.hpp"
#include "net/worker.hpp"
#include "platform/shared_listener.hpp"
#include "platform/socket.hpp"

namespace sluice::net {

/// Takes an accepted connection on the worker that shall carry it.
using AcceptHandler = std::function<void(Worker& worker, platform::Accepted accepted)>;

/// Hears on a worker why connections can't be accepted there for a moment; while that lasts, of each socket once in ten seconds.
using TroubleHandler = std::function<void(Worker& worker, const Error& why)>;

/// Who has the sockets of a listener beside this process.
enum class Keeper : std::uint8_t {
    /// The process before, until it has left them.
    Predecessor,
    /// The service manager, for ever: it listens when no process of ours does. Its sockets are used as they are, shared by all
    /// workers: one more socket beside them would get connections that are lost with this process.
    ServiceManager,
};

/// One listening address served by all workers, in the way in which the system shares a port best
/// (platform/shared_listener.hpp): a socket per worker, or one accept thread that hands each connection to
/// the worker that carries least.
///
/// Threading: opened, started and stopped by the thread that composes the gateway; the handler runs on
///            workers.
/// Lifetime:  workers outlive it; it is stopped before they are.
/// Failure:   open: the address can't be bound. Out of descriptors while running, or of what the system may watch: accepting pauses
///            and is tried again; where each worker has a socket of its own, the trouble handler is told.
class Listener {
public:
    /// Binds. The workers are those that will accept; they may be told by `use` later.
    [[nodiscard]] static Result<std::unique_ptr<Listener>> open(
        const platform::ListenAddress& address, std::uint32_t backlog,
        std::span<Worker* const> workers);
    /// Sockets of one address that another process has too, with what waits in them. Until `claim` the other process still
    /// answers for them; the service manager always does.
    [[nodiscard]] static std::unique_ptr<Listener> adopt(const platform::ListenAddress& address,
                                                         std::vector<platform::OwnedSocket> sockets, std::uint32_t backlog,
                                                         Keeper keeper);
    ~Listener();

    /// The address with the port that was bound, also when port 0 was asked for.
    [[nodiscard]] const platform::ListenAddress& address() const;

    [[nodiscard]] Result<void> start(AcceptHandler on_accept, TroubleHandler on_trouble = {});

    /// Other workers from now on, also before `start`. No connection is lost: what waits in a socket is taken by the worker that
    /// gets it. Failure: one more socket could not be opened, so some workers have none; the others go on.
    [[nodiscard]] Result<void> use(std::span<Worker* const> workers);

    /// Accepts nothing until `resume`: connections wait in the sockets.
    void pause();
    [[nodiscard]] Result<void> resume();

    /// Its sockets, for another process to have too.
    [[nodiscard]] std::vector<platform::NativeSocket> handles() const;
    /// Whether the service manager keeps them.
    [[nodiscard]] bool is_kept() const;
    /// After `pause`: another process goes on with the sockets, and ours are closed without a trace.
    void leave();
    /// The process that they were adopted from has left them.
    void claim();

    /// No connection is accepted any more, and the system refuses new ones. Those that wait in a worker's own socket are still
    /// taken, since closing it would reset them.
    void stop();

private:
    struct Shared;
    explicit Listener(std::unique_ptr<Shared> shared);
    std::unique_ptr<Shared> shared_;
};

}  // namespace sluice::net
