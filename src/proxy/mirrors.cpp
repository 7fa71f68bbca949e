#include "proxy/mirrors.hpp"

#include <algorithm>
#include <utility>

#include "http/head_parser.hpp"
#include "net/worker.hpp"

namespace sluice::proxy {
namespace {

/// At a time and worker: a slow mirror must not pile up memory.
constexpr std::size_t most_copies = 100;

}  // namespace

bool Mirrors::send(ClusterConnections& cluster, const UpstreamLink::Part& request, http::Method method, Duration timeout) {
    if (copies_.size() >= most_copies) return false;
    // A hash of its own, or a cluster that balances by hash would send every copy to one endpoint.
    ClusterConnections::Hold endpoint = cluster.pick({worker_.random().next(), std::nullopt, {}});
    if (!endpoint) return false;
    Copy& copy = copies_.emplace_back(worker_.timers());
    copy.head = request.head;
    copy.body.append(request.first).append(request.second);
    copy.trailers = request.trailers;
    copy.framing = request.framing;
    copy.method = method;
    copy.timeout = timeout;
    copy.endpoint = std::move(endpoint);
    net::spawn(run(std::prev(copies_.end())));
    return true;
}

void Mirrors::cut() {
    // Each may take others with it.
    for (;;) {
        const auto copy = std::ranges::find(copies_, false, &Copy::is_cut);
        if (copy == copies_.end()) return;
        copy->is_cut = true;
        if (copy->link != nullptr) {
            copy->link->abort();
        } else {
            copy->wait.abort(ConnectionWait::Abort::Dial);
        }
    }
}

net::Task<void> Mirrors::run(Place place) {
    Copy& copy = *place;
    copy.link = copy.endpoint->take_idle();
    if (copy.link == nullptr) {
        const Result<UpstreamLink*> connected = co_await copy.endpoint->connect(copy.wait);
        if (connected) copy.link = *connected;
    }
    if (copy.link != nullptr) {
        const bool is_reusable = !copy.is_cut && co_await exchange(copy);
        std::exchange(copy.link, nullptr)->give_back(is_reusable && !copy.is_cut);
    }
    copies_.erase(place);
    if (copies_.empty()) on_empty_();
}

net::Task<bool> Mirrors::exchange(Copy& copy) {
    UpstreamLink& link = *copy.link;
    const TimePoint deadline = worker_.now() + copy.timeout;
    const UpstreamLink::Part request{copy.head, copy.body, {}, copy.framing, true, copy.trailers};
    const Result<void> sent = co_await link.send(request);
    if (!sent) co_return false;
    net::Buffer buffer;
    http::HeadScanner scanner(http::HeadLimits{});
    http::ResponseHead head;
    std::size_t used = 0;
    std::size_t head_bytes = 0;
    while (head_bytes == 0) {
        if (buffer && used == buffer.size()) co_return false;
        link.set_read_deadline(deadline);
        const Result<std::size_t> got = co_await link.read(buffer, used);
        if (!got || *got == 0) co_return false;
        used += *got;
        const Result<std::optional<std::size_t>> end = scanner.scan({buffer.data(), used});
        if (!end) co_return false;
        head_bytes = end->value_or(0);
    }
    const Result<void> parsed = http::parse_response_head({buffer.data(), head_bytes}, http::HeadLimits{}, copy.method, head);
    if (!parsed || head.status < 200) co_return false;
    MessageBody& body = link.begin_body(head.framing, buffer.from(head_bytes).first(used - head_bytes), copy.timeout);
    while (!body.is_done()) {
        const Result<MessageBody::Piece> piece = co_await body.next();
        if (!piece) co_return false;
    }
    co_return head.keep_alive && link.is_reusable();
}

}  // namespace sluice::proxy
