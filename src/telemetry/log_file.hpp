#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "platform/append_file.hpp"
#include "telemetry/log_archive.hpp"

namespace sluice::telemetry {

/// When a log file is put aside and a new one begun.
struct Rotation {
    /// In bytes; 0: however large it is.
    std::uint64_t size = 0;
    /// Since its first line; 0: however old it is.
    std::chrono::milliseconds age{0};
    /// Old files that are kept.
    std::size_t keep = 0;
    /// Whether they are compressed.
    bool compresses = false;
};

/// A log in a file that rotates by itself, and follows when others move it: a file that is no longer at its path is left within
/// half a second, and a new one begun. Several processes may write to one path, as they do while one takes over from another.
///
/// Threading: one thread at a time; `problem` may come from another.
/// Failure:   after the start nothing fails: lines that the disk refuses are lost, and `problem` is told, once in a minute.
class LogFile {
public:
    using Problem = std::function<void(const std::string& what)>;

    [[nodiscard]] static Result<std::unique_ptr<LogFile>> open(std::string path, const Rotation& rotation, Problem problem);

    /// Writes whole lines. `now_milliseconds`: since 1970 UTC.
    void write(std::string_view lines, std::int64_t now_milliseconds);

    /// Opens the path again: others have moved the file.
    void reopen();

private:
    LogFile(std::string path, const Rotation& rotation, Problem problem, std::unique_ptr<platform::AppendFile> file);
    [[nodiscard]] bool is_due(std::size_t more, std::int64_t now_milliseconds);
    void follow(std::int64_t now_milliseconds);
    void rotate(std::int64_t now_milliseconds);
    void tell(const std::string& what, std::int64_t now_milliseconds);

    const std::string path_;
    const Rotation rotation_;
    const Problem problem_;
    /// nullptr when it was deleted and can't be made again.
    std::unique_ptr<platform::AppendFile> file_;
    /// When the path was last looked at.
    std::int64_t looked_ = 0;
    /// Pipes, devices and links stay where they are.
    const bool rotates_;
    /// Of the first line; 0 while there is none.
    std::int64_t began_ = 0;
    /// Until when nothing is tried or told again.
    std::int64_t patience_ = 0;
    LogArchive archive_;
};

}  // namespace sluice::telemetry
