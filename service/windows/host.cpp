#include "service/host.hpp"

#include "platform/paths.hpp"

namespace sluice::service {

int run_hosted(const std::function<int()>& body) { return body(); }

bool is_hosted() { return false; }

std::string log_file() { return is_hosted() ? platform::log_folder() + "\\sluice.log" : std::string(); }

}  // namespace sluice::service
