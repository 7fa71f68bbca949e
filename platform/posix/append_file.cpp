#include "platform/append_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "posix/system_calls.hpp"

namespace sluice::platform {

struct AppendFile::State {
    int descriptor;
};

Result<std::unique_ptr<AppendFile>> AppendFile::open(const std::string& path) {
    const int descriptor = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);
    if (descriptor < 0) return fail(system_error("opening " + path, last_error()));
    return std::unique_ptr<AppendFile>(new AppendFile(std::make_unique<State>(descriptor)));
}

AppendFile::AppendFile(std::unique_ptr<State> state) : state_(std::move(state)) {}

AppendFile::~AppendFile() { ::close(state_->descriptor); }

Result<void> AppendFile::write(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(state_->descriptor, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return fail(system_error("writing to a log file", last_error()));
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

std::uint64_t AppendFile::size() const {
    struct stat facts {};
    return ::fstat(state_->descriptor, &facts) == 0 ? static_cast<std::uint64_t>(facts.st_size) : 0;
}

bool AppendFile::is_at(const std::string& path) const {
    struct stat mine {};
    struct stat there {};
    return ::fstat(state_->descriptor, &mine) == 0 && ::stat(path.c_str(), &there) == 0 && mine.st_dev == there.st_dev &&
           mine.st_ino == there.st_ino;
}

// A name is free as soon as it is removed.
bool AppendFile::is_doomed() const { return false; }

}  // namespace sluice::platform
