#include "service/host.hpp"

#include <cstdlib>

namespace sluice::service {

int run_hosted(const std::function<int()>& body) { return body(); }

// systemd sets the first for every unit, launchd the second for every job.
bool is_hosted() { return std::getenv("INVOCATION_ID") != nullptr || std::getenv("XPC_SERVICE_NAME") != nullptr; }

// The journal of systemd and the file that launchd names take standard error.
std::string log_file() { return {}; }

}  // namespace sluice::service
