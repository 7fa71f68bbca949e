#include "service/hand_over.hpp"

namespace sluice::service {

Result<void> check_hand_over() { return {}; }

}  // namespace sluice::service
