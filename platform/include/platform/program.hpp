#pragma once

#include <string>
#include <vector>

namespace sluice::platform {

/// How a process was started, so that it can be started again. All text is UTF-8.
struct Program {
    /// Absolute. Symbolic links in it are kept, so that one that points elsewhere by then is followed anew.
    std::string path;
    /// The name by which it was called first.
    std::vector<std::string> arguments;
};

/// What started this process, as main() was told. Before the working directory changes.
[[nodiscard]] Program program_of(int count, const char* const* arguments);

}  // namespace sluice::platform
