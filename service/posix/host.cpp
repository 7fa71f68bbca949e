#include "service/host.hpp"

#include <cstdlib>

namespace sluice::service {

int run_hosted(const std::function<int()>& body) { return body(); }

// systemd sets it for every unit.
bool is_hosted() { return std::getenv("INVOCATION_ID") != nullptr; }

// The journal of systemd and the file that launchd names take standard error.
std::string log_file() { return {}; }

// systemd is told the new process by MAINPID.
bool knows_one_process() { return false; }

}  // namespace sluice::service
