#pragma once

#include <cstdint>
#include <string_view>

namespace sluice::platform {

/// What the system knows about this process. A value that can't be had is 0.
struct ProcessFacts {
    /// Memory in RAM.
    std::uint64_t resident_bytes = 0;
    /// Open descriptors; handles on Windows.
    std::uint64_t open_handles = 0;
    /// How many may be open; 0 when there is no limit to run into.
    std::uint64_t handle_limit = 0;
    /// User and kernel time of all threads.
    double cpu_seconds = 0;
    std::uint32_t threads = 0;
};

/// Threading: any thread. Costs system calls: for metrics, not for requests.
[[nodiscard]] ProcessFacts read_process_facts();

/// Raises the limit of open descriptors as far as the process may; yields the limit, 0 for none.
std::uint64_t raise_descriptor_limit();

/// Cores that the process may use, affinity respected where the system has it; at least 1.
[[nodiscard]] std::uint32_t core_count();

[[nodiscard]] std::uint64_t pid();

enum class StandardStream : std::uint8_t { Output, Error };

[[nodiscard]] bool is_terminal(StandardStream stream);

/// Makes the terminal understand colour sequences; false when the stream is no terminal or can't.
[[nodiscard]] bool enable_terminal_colours(StandardStream stream);

/// Names the calling thread for debuggers and process lists; cut where the system takes fewer
/// bytes.
void set_thread_name(std::string_view name);

/// Ends the process at once because of a bug: no destructor runs, nobody is asked. POSIX leaves a core dump where the system
/// keeps them; Windows ends with exit code 3, without the dialog that abort() would wait in.
[[noreturn]] void stop_at_once() noexcept;

}  // namespace sluice::platform
