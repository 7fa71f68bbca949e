#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "platform/process_facts.hpp"
#include "posix/process.hpp"

namespace sluice::platform {
namespace {

double seconds(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

int descriptor_of(StandardStream stream) {
    return stream == StandardStream::Output ? STDOUT_FILENO : STDERR_FILENO;
}

}  // namespace

double cpu_seconds() {
    rusage usage{};
    if (::getrusage(RUSAGE_SELF, &usage) != 0) return 0;
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::uint64_t descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return 0;
    return limit.rlim_cur;
}

std::uint64_t raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, most_descriptors());
        ::setrlimit(RLIMIT_NOFILE, &limit);
    }
    return descriptor_limit();
}

std::uint64_t pid() {
    return static_cast<std::uint64_t>(::getpid());
}

bool is_terminal(StandardStream stream) {
    return ::isatty(descriptor_of(stream)) == 1;
}

bool enable_terminal_colours(StandardStream stream) {
    if (!is_terminal(stream)) return false;
    const char* const terminal = std::getenv("TERM");
    return terminal != nullptr && std::string_view(terminal) != "dumb";
}

void stop_at_once() noexcept { std::abort(); }

}  // namespace sluice::platform
