#include "net/resolution.hpp"

#include <algorithm>
#include <tuple>

namespace sluice::net {
namespace {

void rank_priorities(std::vector<ResolvedAddress>& addresses) {
    std::vector<std::uint32_t> distinct;
    distinct.reserve(addresses.size());
    for (const ResolvedAddress& address : addresses) distinct.push_back(address.priority);
    std::ranges::sort(distinct);
    distinct.erase(std::ranges::unique(distinct).begin(), distinct.end());
    for (ResolvedAddress& address : addresses) {
        const auto place = std::ranges::lower_bound(distinct, address.priority) - distinct.begin();
        address.priority = std::min(static_cast<std::uint32_t>(place), last_priority);
    }
}

}  // namespace

void put_in_order(std::vector<ResolvedAddress>& addresses) {
    rank_priorities(addresses);
    std::ranges::sort(addresses, {}, [](const ResolvedAddress& address) {
        return std::tie(address.literal, address.port, address.priority, address.weight);
    });
    const auto rest = std::ranges::unique(addresses, {}, [](const ResolvedAddress& address) {
        return std::tie(address.literal, address.port);
    });
    addresses.erase(rest.begin(), rest.end());
    std::ranges::sort(addresses, {}, [](const ResolvedAddress& address) {
        return std::tie(address.priority, address.literal, address.port);
    });
}

Duration refresh_delay(const ResolverSettings& settings, std::chrono::seconds ttl) {
    return std::min(settings.interval, std::max<Duration>(ttl, settings.min_interval));
}

Duration retry_delay(const ResolverSettings& settings, std::uint32_t failures) {
    Duration delay = settings.min_interval;
    for (std::uint32_t i = 1; i < failures && delay < settings.interval; ++i) delay *= 2;
    return std::min(settings.interval, delay);
}

}  // namespace sluice::net
