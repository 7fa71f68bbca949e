#include "service/host.hpp"

#include <cstdlib>
#include <string_view>

#include "macos/job.hpp"

namespace sluice::service {

int run_hosted(const std::function<int()>& body) { return body(); }

// launchd puts a job's label there. A terminal's shell has the variable too, with "0" or the terminal's own label.
bool is_hosted() {
    const char* const name = std::getenv("XPC_SERVICE_NAME");
    return name != nullptr && std::string_view(name).starts_with(label_prefix);
}

// launchd's file takes standard error.
std::string log_file() { return {}; }

// It ends what the job has left when that one ends.
bool knows_one_process() { return is_hosted(); }

}  // namespace sluice::service
