#include "service/host.hpp"

namespace sluice::service {

int run_hosted(const std::function<int()>& body) { return body(); }

bool is_hosted() { return false; }

}  // namespace sluice::service
