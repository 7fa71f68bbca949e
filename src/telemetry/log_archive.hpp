#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/result.hpp"

namespace sluice::telemetry {

/// The files that a log file was before: PATH.20261129-101500, or PATH.20261129-101500.gz once compressed.
///
/// Compressing and removing is done by a thread of its own, so that nobody who logs waits for it.
///
/// Threading: one thread; `problem` is called on the archive's.
/// Lifetime:  the destructor breaks off what is being compressed; the next archive of the path does it again.
class LogArchive {
public:
    /// `problem` is told in words what could not be done.
    LogArchive(std::string path, std::function<void(const std::string&)> problem);
    LogArchive(const LogArchive&) = delete;
    LogArchive& operator=(const LogArchive&) = delete;
    ~LogArchive();

    /// How many old files are kept, and whether compressed.
    void use(std::size_t keep, bool compresses);

    /// A name for the file that is put aside now: one that is not taken, and sorts behind all that are there.
    [[nodiscard]] std::string next_name(std::int64_t now_milliseconds) const;

    /// A file was put aside: compresses what is not yet, and removes the oldest.
    void tidy_up();

private:
    void run();
    void tidy();
    [[nodiscard]] bool is_stopping();

    const std::string path_;
    const std::function<void(const std::string&)> problem_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::size_t keep_ = 0;
    bool compresses_ = false;
    bool has_work_ = false;
    bool is_stopping_ = false;
    std::thread thread_;
};

/// The archived files of a log, the oldest first.
[[nodiscard]] std::vector<std::string> archived_files(const std::string& path);

/// When the log in that file began, in milliseconds since 1970 UTC: the time of its first line; 0 when that has none.
[[nodiscard]] std::int64_t first_time_in(const std::string& path);

}  // namespace sluice::telemetry
