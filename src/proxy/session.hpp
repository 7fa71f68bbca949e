#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "proxy/entrance.hpp"

namespace sluice::proxy {

class WorkerState;
struct Usage;

/// One client connection, with HTTP/1.x or HTTP/2.
///
/// Threading: one worker.
/// Lifetime:  made by WorkerState::accept, which destroys it when its `run` ends.
class Session {
public:
    /// Adds itself to the worker's list. `is_local`: it serves a listener of the gateway's own instead of proxying.
    Session(WorkerState& state, ListenerId listener, bool is_local);
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

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

    [[nodiscard]] ListenerId listener() const { return listener_; }
    [[nodiscard]] bool is_local() const { return is_local_; }

protected:
    virtual ~Session();

    WorkerState& state_;

private:
    friend class SessionList;

    ListenerId listener_;
    bool is_local_;
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
