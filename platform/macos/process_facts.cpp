#include "platform/process_facts.hpp"

#include <libproc.h>
#include <limits.h>
#include <mach/mach.h>
#include <pthread.h>
#include <sys/proc_info.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "posix/process.hpp"

namespace sluice::platform {
namespace {

std::uint64_t open_descriptors() {
    // Without a buffer the call only estimates, with room to spare: good enough for large numbers
    // alone.
    std::array<proc_fdinfo, 4096> entries;
    const int bytes = ::proc_pidinfo(::getpid(), PROC_PIDLISTFDS, 0, entries.data(),
                                     static_cast<int>(sizeof entries));
    if (bytes <= 0) return 0;
    const auto count = static_cast<std::size_t>(bytes) / sizeof(proc_fdinfo);
    if (count < entries.size()) return count;
    const int estimate = ::proc_pidinfo(::getpid(), PROC_PIDLISTFDS, 0, nullptr, 0);
    return static_cast<std::size_t>(std::max(estimate, bytes)) / sizeof(proc_fdinfo);
}

}  // namespace

ProcessFacts read_process_facts() {
    proc_taskinfo facts{};
    const int bytes =
        ::proc_pidinfo(::getpid(), PROC_PIDTASKINFO, 0, &facts, static_cast<int>(sizeof facts));
    const bool is_known = bytes == static_cast<int>(sizeof facts);
    return {.resident_bytes = is_known ? facts.pti_resident_size : 0,
            .open_handles = open_descriptors(),
            .handle_limit = descriptor_limit(),
            .cpu_seconds = cpu_seconds(),
            .threads = is_known ? static_cast<std::uint32_t>(facts.pti_threadnum) : 0};
}

std::uint64_t most_descriptors() {
    return OPEN_MAX;
}

std::uint32_t core_count() {
    return static_cast<std::uint32_t>(std::max(::sysconf(_SC_NPROCESSORS_ONLN), 1L));
}

void set_thread_name(std::string_view name) {
    std::array<char, 64> text{};
    name.copy(text.data(), text.size() - 1);
    ::pthread_setname_np(text.data());
}

}  // namespace sluice::platform
