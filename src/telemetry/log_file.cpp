#include "telemetry/log_file.hpp"

#include <filesystem>
#include <system_error>
#include <utility>

#include "telemetry/log_path.hpp"

namespace sluice::telemetry {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t minute = 60'000;
constexpr std::int64_t look_interval = 500;

/// A link, such as /dev/stdout, is not put aside: it leads to what is somebody else's.
bool is_plain_file(const std::string& path) {
    std::error_code error;
    return fs::symlink_status(path_of(path), error).type() == fs::file_type::regular;
}

}  // namespace

Result<std::unique_ptr<LogFile>> LogFile::open(std::string path, const Rotation& rotation, Problem problem) {
    Result<std::unique_ptr<platform::AppendFile>> file = platform::AppendFile::open(path);
    if (!file) return fail(std::move(file.error()));
    return std::unique_ptr<LogFile>(new LogFile(std::move(path), rotation, std::move(problem), std::move(*file)));
}

LogFile::LogFile(std::string path, const Rotation& rotation, Problem problem, std::unique_ptr<platform::AppendFile> file)
    : path_(std::move(path)),
      rotation_(rotation),
      problem_(std::move(problem)),
      file_(std::move(file)),
      rotates_(is_plain_file(path_)),
      began_(file_->size() == 0 ? 0 : first_time_in(path_)),
      archive_(path_, problem_) {
    archive_.use(rotation_.keep, rotation_.compresses);
    // What an earlier process has not come to do.
    if (!archived_files(path_).empty()) archive_.tidy_up();
}

bool LogFile::is_due(std::size_t more, std::int64_t now_milliseconds) {
    if (now_milliseconds < patience_) return false;
    const std::uint64_t size = file_->size();
    if (size == 0 || !rotates_) return false;
    if (rotation_.size != 0 && size + more > rotation_.size) return true;
    return rotation_.age.count() != 0 && began_ != 0 && now_milliseconds - began_ >= rotation_.age.count();
}

void LogFile::write(std::string_view lines, std::int64_t now_milliseconds) {
    follow(now_milliseconds);
    if (!file_) return;
    if (is_due(lines.size(), now_milliseconds)) rotate(now_milliseconds);
    if (began_ == 0) began_ = now_milliseconds;
    if (const Result<void> written = file_->write(lines); !written) tell(describe(written.error()), now_milliseconds);
}

/// Looks whether the file is still at its path, but not at every line. Old files are not touched for longer than that.
void LogFile::follow(std::int64_t now_milliseconds) {
    if (now_milliseconds >= looked_ && now_milliseconds - looked_ < look_interval) return;
    looked_ = now_milliseconds;
    if (!file_ || !file_->is_at(path_)) reopen();
}

void LogFile::reopen() {
    if (file_ && file_->is_doomed()) file_.reset();
    Result<std::unique_ptr<platform::AppendFile>> file = platform::AppendFile::open(path_);
    // Lines go on into the moved file rather than nowhere.
    if (!file) return;
    file_ = std::move(*file);
    // A pipe has no size, and would be read for ever.
    began_ = file_->size() == 0 ? 0 : first_time_in(path_);
}

void LogFile::rotate(std::int64_t now_milliseconds) {
    // Another process was quicker.
    if (!file_->is_at(path_)) {
        reopen();
        return;
    }
    std::error_code error;
    const std::string aside = archive_.next_name(now_milliseconds);
    fs::rename(path_of(path_), path_of(aside), error);
    if (error) {
        tell("can't put the log file aside as " + aside + ": " + error.message(), now_milliseconds);
        return;
    }
    reopen();
    archive_.tidy_up();
}

void LogFile::tell(const std::string& what, std::int64_t now_milliseconds) {
    if (now_milliseconds < patience_) return;
    patience_ = now_milliseconds + minute;
    problem_(what);
}

}  // namespace sluice::telemetry
