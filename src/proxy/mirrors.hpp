#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <string>

#include "base/clock.hpp"
#include "http/message.hpp"
#include "net/task.hpp"
#include "proxy/cluster_connections.hpp"

namespace sluice::proxy {

/// Copies of requests that are on their way to a mirror cluster. Nobody waits for them, and nothing that happens to them
/// reaches a client.
///
/// Threading: one worker.
/// Lifetime:  the clusters' connections outlive it; destroyed when it is empty.
class Mirrors {
public:
    explicit Mirrors(net::Worker& worker, std::function<void()> on_empty)
        : worker_(worker), on_empty_(std::move(on_empty)) {}
    Mirrors(const Mirrors&) = delete;
    Mirrors& operator=(const Mirrors&) = delete;

    /// Copies a whole request, sends the copy and drops its response. False, and nothing is sent, when too many are under way.
    bool send(ClusterConnections& cluster, const UpstreamLink::Part& request, http::Method method, Duration timeout);

    /// Breaks all off.
    void cut();
    [[nodiscard]] bool empty() const { return copies_.empty(); }

private:
    struct Copy {
        explicit Copy(net::TimerWheel& timers) : wait(timers) {}
        std::string head;
        std::string body;
        std::string trailers;
        http::BodyKind framing = http::BodyKind::None;
        http::Method method = http::Method::Get;
        Duration timeout{};
        ClusterConnections::Hold endpoint;
        ConnectionWait wait;
        UpstreamLink* link = nullptr;
        bool is_cut = false;
    };
    using Place = std::list<Copy>::iterator;

    [[nodiscard]] net::Task<void> run(Place place);
    /// True when the way is free for another request.
    [[nodiscard]] net::Task<bool> exchange(Copy& copy);

    net::Worker& worker_;
    std::function<void()> on_empty_;
    std::list<Copy> copies_;
};

}  // namespace sluice::proxy
