#include "platform/file_rights.hpp"

#include <sys/stat.h>
#include <unistd.h>

namespace sluice::platform {

bool is_readable_by_all(const std::string& path) {
    struct stat facts {};
    return ::stat(path.c_str(), &facts) == 0 && (facts.st_mode & S_IROTH) != 0;
}

bool is_own_file(const std::string& path) {
    struct stat facts {};
    return ::stat(path.c_str(), &facts) == 0 && facts.st_uid == ::geteuid();
}

}  // namespace sluice::platform
