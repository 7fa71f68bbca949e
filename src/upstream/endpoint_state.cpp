#include "upstream/endpoint_state.hpp"

#include <utility>

#include "upstream/hash.hpp"

namespace sluice::upstream {

EndpointState::EndpointState(EndpointPlace the_place, const config::Cluster& cluster)
    : place(std::move(the_place)),
      name(place.address.text()),
      name_hash(endpoint_name_hash(name)),
      health(cluster.health_check.value_or(config::HealthCheck{})) {}

bool EndpointState::take_slot(std::uint32_t most) {
    std::uint32_t taken = connections_.load();
    do {
        if (most != 0 && taken >= most) return false;
    } while (!connections_.compare_exchange_weak(taken, taken + 1));
    return true;
}

}  // namespace sluice::upstream
