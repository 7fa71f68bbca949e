#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace sluice::platform {

/// A file to whose end lines are written, by several processes too. Others may move and delete it meanwhile, on Windows
/// as well (FILE_SHARE_DELETE).
///
/// Threading: one thread at a time.
class AppendFile {
public:
    /// Makes the file when it is not there, for its user and readable by its group (POSIX: mode 0640). The path is UTF-8.
    [[nodiscard]] static Result<std::unique_ptr<AppendFile>> open(const std::string& path);

    AppendFile(const AppendFile&) = delete;
    AppendFile& operator=(const AppendFile&) = delete;
    ~AppendFile();

    /// Writes all of it. Failure: the disk refuses; part of it may have been written.
    [[nodiscard]] Result<void> write(std::string_view bytes);

    /// Bytes in the file, those of other writers included.
    [[nodiscard]] std::uint64_t size() const;

    /// False once the path names another file or none: this one was moved or deleted.
    [[nodiscard]] bool is_at(const std::string& path) const;

    /// True when it was deleted and its name is taken until this handle is closed: Windows without POSIX semantics.
    [[nodiscard]] bool is_doomed() const;

private:
    struct State;
    explicit AppendFile(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace sluice::platform
