#include "proxy/connection_limit.hpp"

namespace sluice::proxy {

bool ConnectionLimit::admit(const platform::Peer& peer) {
    const std::uint32_t before = active_.fetch_add(1, std::memory_order_relaxed);
    if (most_ != 0 && before >= most_) {
        active_.fetch_sub(1, std::memory_order_relaxed);
        return false;
    }
    if (most_per_client_ == 0) return true;
    const std::scoped_lock lock(mutex_);
    std::uint32_t& count = by_client_[peer.address];
    if (count >= most_per_client_) {
        active_.fetch_sub(1, std::memory_order_relaxed);
        return false;
    }
    ++count;
    return true;
}

void ConnectionLimit::leave(const platform::Peer& peer) {
    active_.fetch_sub(1, std::memory_order_relaxed);
    if (most_per_client_ == 0) return;
    const std::scoped_lock lock(mutex_);
    const auto found = by_client_.find(peer.address);
    if (found != by_client_.end() && --found->second == 0) by_client_.erase(found);
}

}  // namespace sluice::proxy
