#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "filters/forwarded.hpp"
#include "net/stream.hpp"
#include "net/task.hpp"
#include "platform/socket.hpp"
#include "proxy/body_reader.hpp"
#include "proxy/local_service.hpp"
#include "proxy/listener_tls.hpp"
#include "proxy/request_reader.hpp"
#include "proxy/scratch.hpp"

namespace sluice::proxy {

class WorkerState;
class Exchange;
struct Usage;

/// Which listener a connection came through; never used twice.
using ListenerId = std::uint32_t;

/// How a connection came in.
struct Entrance {
    ListenerId listener = 0;
    /// With it the client has to speak TLS.
    std::shared_ptr<const ListenerTls> tls;
    bool redirects_to_https = false;
    /// With a handler the session serves a listener of the gateway's own instead of proxying.
    const LocalHandler* local = nullptr;
};

/// One client connection with HTTP/1.x: reads heads, hands each request to an exchange, keeps the connection or
/// closes it. It knows no upstream.
///
/// Threading: one worker.
/// Lifetime:  made by WorkerState::accept, which destroys it when `run` ends.
class Session {
public:
    Session(WorkerState& state, net::Stream stream, const platform::Peer& peer, Entrance entrance);
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session();

    [[nodiscard]] net::Task<void> run();

    /// Adds what it is about to a count.
    void count(Usage& usage) const;

    /// The worker has another configuration.
    void follow();
    /// Its worker goes away: the next response, or the present one, is the last. Upgraded connections stay.
    void retire();
    /// Its listener goes away: the same, and upgraded connections are told to close within the drain time.
    void leave_listener();
    /// The gateway stops: an idle session closes now, a busy one after its request.
    void drain();
    /// Time is up: whatever goes on is broken off.
    void cut();

    [[nodiscard]] WorkerState& state() { return state_; }
    [[nodiscard]] net::Stream& stream() { return stream_; }
    [[nodiscard]] const filters::Peer& client() const { return client_; }
    /// Size of the head of the request that is being served; 0 when it never became complete.
    [[nodiscard]] std::size_t head_bytes() const { return reader_.head().size(); }
    [[nodiscard]] bool is_draining() const { return draining_; }
    /// Its listener has gone: upgraded connections have to close too.
    [[nodiscard]] bool is_leaving() const { return leaving_; }
    [[nodiscard]] ListenerId listener() const { return entrance_.listener; }
    [[nodiscard]] bool is_local() const { return entrance_.local != nullptr; }
    [[nodiscard]] bool redirects_to_https() const { return entrance_.redirects_to_https; }
    /// How the client came in: "http" or "https".
    [[nodiscard]] std::string_view scheme() const { return entrance_.tls ? "https" : "http"; }
    /// With a client that speaks TLS; nullptr and empty facts for others.
    [[nodiscard]] const ListenerTls* tls() const { return entrance_.tls.get(); }
    [[nodiscard]] const tls::Facts& tls_facts() const { return tls_facts_; }

private:
    friend class SessionList;

    [[nodiscard]] net::Task<bool> shake_hands();
    [[nodiscard]] net::Task<void> refuse_plain_http();
    void count_handshake(const Result<void>& done);
    [[nodiscard]] net::Task<bool> serve();
    [[nodiscard]] net::Task<bool> discard(BodyReader& body, bool expects_continue);
    [[nodiscard]] net::Task<void> refuse(const Error& error);

    WorkerState& state_;
    net::Stream stream_;
    std::string peer_text_;
    filters::Peer client_;
    Entrance entrance_;
    RequestReader reader_;
    tls::Facts tls_facts_;
    bool is_shaking_hands_ = false;
    Exchange* exchange_ = nullptr;
    std::uint32_t requests_ = 0;
    bool draining_ = false;
    bool retired_ = false;
    bool leaving_ = false;
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
