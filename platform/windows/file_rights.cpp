#include "platform/file_rights.hpp"

namespace sluice::platform {

bool is_readable_by_all(const std::string&) {
    return false;
}

bool is_own_file(const std::string&) { return true; }

}  // namespace sluice::platform
