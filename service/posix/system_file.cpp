#include "posix/system_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iterator>

namespace sluice::service {
namespace {

Failure failure(const char* what, const std::string& path) {
    return fail(system_error(std::string(what) + " " + path, {errno, std::system_category()}));
}

bool write_all(int file, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(file, text.data(), text.size());
        if (written < 0 && errno != EINTR) return false;
        if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

}  // namespace

Result<void> write_system_file(const std::string& path, std::string_view text) {
    const std::string draft = path + ".new";
    ::unlink(draft.c_str());
    const int file = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (file < 0) return failure("can't write", draft);
    // The mask of whoever runs this is not to keep the service manager's users from reading.
    const bool is_written = write_all(file, text) && ::fchmod(file, 0644) == 0 && ::fsync(file) == 0;
    const bool is_done = ::close(file) == 0 && is_written && ::rename(draft.c_str(), path.c_str()) == 0;
    if (is_done) return {};
    Failure why = failure("can't write", path);
    ::unlink(draft.c_str());
    return why;
}

Result<void> remove_system_file(const std::string& path) {
    if (::unlink(path.c_str()) == 0 || errno == ENOENT) return {};
    return failure("can't remove", path);
}

std::optional<std::string> read_system_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return std::nullopt;
    return std::string(std::istreambuf_iterator<char>(file), {});
}

}  // namespace sluice::service
