#include "proxy/connection_limit.hpp"

namespace sluice::proxy {

bool ConnectionLimit::admit(const platform::Peer& peer) {
    const std::uint32_t before = active_.fetch_add(1, std::memory_order_relaxed);
    const std::uint32_t most = most_.load(std::memory_order_relaxed);
    if (most != 0 && before >= most) {
        active_.fetch_sub(1, std::memory_order_relaxed);
        return false;
    }
    const std::uint32_t most_per_client = most_per_client_.load(std::memory_order_relaxed);
    if (most_per_client == 0) return true;
    const std::scoped_lock lock(mutex_);
    counts_clients_.store(true, std::memory_order_relaxed);
    std::uint32_t& count = by_client_[peer.address];
    if (count >= most_per_client) {
        active_.fetch_sub(1, std::memory_order_relaxed);
        return false;
    }
    ++count;
    return true;
}

void ConnectionLimit::leave(const platform::Peer& peer) {
    active_.fetch_sub(1, std::memory_order_relaxed);
    if (!counts_clients_.load(std::memory_order_relaxed)) return;
    const std::scoped_lock lock(mutex_);
    const auto found = by_client_.find(peer.address);
    if (found != by_client_.end() && --found->second == 0) by_client_.erase(found);
}

}  // namespace sluice::proxy
