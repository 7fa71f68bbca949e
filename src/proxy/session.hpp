#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "base/memory_pool.hpp"
#include "net/stream.hpp"
#include "platform/socket.hpp"
#include "proxy/entrance.hpp"

namespace sluice::proxy {

class WorkerState;
struct Usage;

/// One client connection, or a part of its life: the handshake of TLS, HTTP/1.x, or HTTP/2.
///
/// Threading: one worker.
/// Lifetime:  its own: it begins with a coroutine that runs until the connection is over, or belongs to the next session, and destroys it
///            then (`end`).
class Session {
public:
    /// Adds itself to the worker's list.
    Session(WorkerState& state, net::Stream stream, const platform::Peer& peer, Entrance entrance);
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    static void* operator new(std::size_t size) { return take_memory(size); }
    static void operator delete(void* session, std::size_t size) noexcept { give_memory(session, size); }

    /// Adds what it is about to a count.
    virtual void count(Usage& usage) const = 0;

    /// The worker has another configuration.
    virtual void follow() = 0;
    /// Its worker goes away: the next response, or the present one, is the last. Upgraded connections stay.
    virtual void retire() = 0;
    /// Its listener goes away: the same, and upgraded connections are told to close within the drain time.
    virtual void leave_listener() = 0;
    /// The gateway stops: an idle session closes now, a busy one after its requests.
    virtual void drain() = 0;
    /// Time is up: whatever goes on is broken off.
    virtual void cut() = 0;

    [[nodiscard]] ListenerId listener() const { return entrance_.listener; }
    /// It serves a listener of the gateway's own instead of proxying.
    [[nodiscard]] bool is_local() const { return entrance_.local != nullptr; }

protected:
    virtual ~Session();
    /// Destroys it. The connection ends with it, unless it was moved to another.
    void end();

    WorkerState& state_;
    net::Stream stream_;
    Entrance entrance_;
    platform::Peer peer_;

private:
    friend class SessionList;

    Session* next_ = nullptr;
    Session** link_ = nullptr;
};

/// All sessions of a worker.
class SessionList {
public:
    void add(Session& session);
    void remove(Session& session);
    [[nodiscard]] bool empty() const { return first_ == nullptr; }
    [[nodiscard]] std::size_t size() const { return size_; }

    /// Calls a function with every session; sessions may end, and leave the list, meanwhile.
    template <typename Call>
    void for_each(Call call) {
        for (Session* session = first_; session != nullptr; session = cursor_) {
            cursor_ = session->next_;
            std::invoke(call, *session);
        }
        cursor_ = nullptr;
    }

private:
    Session* first_ = nullptr;
    Session* cursor_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace sluice::proxy
