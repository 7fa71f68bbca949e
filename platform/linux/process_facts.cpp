#include "platform/process_facts.hpp"

#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <limits>
#include <thread>

#include "posix/process.hpp"

namespace sluice::platform {
namespace {

std::uint64_t resident_bytes() {
    std::FILE* const file = std::fopen("/proc/self/statm", "re");
    if (file == nullptr) return 0;
    unsigned long total = 0;
    unsigned long resident = 0;
    const bool is_read = std::fscanf(file, "%lu %lu", &total, &resident) == 2;
    std::fclose(file);
    return is_read ? resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) : 0;
}

/// Entries of a folder of /proc, "." and ".." left out.
std::uint64_t count_entries(const char* folder) {
    DIR* const entries = ::opendir(folder);
    if (entries == nullptr) return 0;
    std::uint64_t count = 0;
    while (const dirent* entry = ::readdir(entries)) {
        if (entry->d_name[0] != '.') ++count;
    }
    ::closedir(entries);
    return count;
}

}  // namespace

ProcessFacts read_process_facts() {
    // The folder that is being read is a descriptor of its own.
    const std::uint64_t descriptors = count_entries("/proc/self/fd");
    return {.resident_bytes = resident_bytes(),
            .open_handles = descriptors > 0 ? descriptors - 1 : 0,
            .handle_limit = descriptor_limit(),
            .cpu_seconds = cpu_seconds(),
            .threads = static_cast<std::uint32_t>(count_entries("/proc/self/task"))};
}

std::uint64_t most_descriptors() {
    return std::numeric_limits<std::uint64_t>::max();
}

std::uint32_t core_count() {
    // Fails on machines with more than 1024 cores.
    cpu_set_t cores;
    CPU_ZERO(&cores);
    if (::sched_getaffinity(0, sizeof cores, &cores) == 0) {
        return static_cast<std::uint32_t>(std::max(CPU_COUNT(&cores), 1));
    }
    return std::max(std::thread::hardware_concurrency(), 1U);
}

void set_thread_name(std::string_view name) {
    std::array<char, 16> text{};
    name.copy(text.data(), text.size() - 1);
    ::pthread_setname_np(::pthread_self(), text.data());
}

}  // namespace sluice::platform
