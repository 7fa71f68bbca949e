#include "platform/private_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "posix/system_calls.hpp"

namespace sluice::platform {
namespace {

constexpr std::size_t most_bytes = std::size_t{64} * 1024;

class Descriptor {
public:
    explicit Descriptor(int descriptor) : descriptor_(descriptor) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }
    [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }
    [[nodiscard]] int get() const { return descriptor_; }

private:
    int descriptor_;
};

Failure failure(std::string_view what, const std::string& path, std::error_code cause = last_error()) {
    return fail(system_error(std::string(what) + " " + path, cause));
}

/// Makes the folder when it is missing. A folder in which others could put a file in the place of ours is refused.
Result<void> prepare_folder(const std::string& folder) {
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return failure("can't make the folder", folder);
    struct stat facts {};
    if (::lstat(folder.c_str(), &facts) != 0) return failure("can't look at the folder", folder);
    const bool is_ours = facts.st_uid == ::geteuid() || facts.st_uid == 0;
    const bool is_closed = (facts.st_mode & (S_IWGRP | S_IWOTH)) == 0;
    if (S_ISDIR(facts.st_mode) && is_ours && is_closed) return {};
    return failure("another user could change what is in the folder", folder,
                   std::make_error_code(std::errc::operation_not_permitted));
}

bool write_all(int descriptor, std::string_view content) {
    while (!content.empty()) {
        const ssize_t written = ::write(descriptor, content.data(), content.size());
        if (written < 0 && errno != EINTR) return false;
        if (written > 0) content.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

}  // namespace

Result<void> write_private_file(const std::string& path, std::string_view content) {
    const std::size_t slash = path.rfind('/');
    if (slash != std::string::npos && slash != 0) {
        Result<void> prepared = prepare_folder(path.substr(0, slash));
        if (!prepared) return prepared;
    }
    // Left over by a process of the same number that died in between; O_EXCL follows no link.
    const std::string draft = path + "." + std::to_string(::getpid());
    ::unlink(draft.c_str());
    const Descriptor file(::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file.is_open()) return failure("can't write", draft);
    if (write_all(file.get(), content) && ::rename(draft.c_str(), path.c_str()) == 0) return {};
    Failure why = failure("can't write", path);
    ::unlink(draft.c_str());
    return why;
}

Result<std::string> read_private_file(const std::string& path) {
    // O_NONBLOCK: a pipe in its place must not make us wait.
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat facts {};
    if (!file.is_open() || ::fstat(file.get(), &facts) != 0) return failure("can't read", path);
    if (!S_ISREG(facts.st_mode)) return failure("can't read", path, std::make_error_code(std::errc::invalid_argument));
    std::string content;
    std::array<char, 4096> piece;
    for (;;) {
        const ssize_t got = ::read(file.get(), piece.data(), piece.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return failure("can't read", path);
        if (got == 0) return content;
        content.append(piece.data(), static_cast<std::size_t>(got));
        if (content.size() > most_bytes) return failure("can't read", path, std::make_error_code(std::errc::file_too_large));
    }
}

void remove_private_file(const std::string& path) { ::unlink(path.c_str()); }

}  // namespace sluice::platform
