#include "service/log_output.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>
#include <system_error>

#include "macos/job.hpp"

namespace sluice::service {
namespace {

Result<void> reopen(const char* variable, int descriptor) {
    const char* const path = std::getenv(variable);
    if (path == nullptr) return {};
    const int file = ::open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0640);
    const bool is_done = file >= 0 && ::dup2(file, descriptor) == descriptor;
    const std::error_code why(errno, std::system_category());
    if (file >= 0) ::close(file);
    if (is_done) return {};
    return fail(system_error("can't open " + std::string(path), why));
}

}  // namespace

Result<void> reopen_log_output() {
    const Result<void> output = reopen(output_file_variable, STDOUT_FILENO);
    const Result<void> error = reopen(error_file_variable, STDERR_FILENO);
    return error ? output : error;
}

}  // namespace sluice::service
