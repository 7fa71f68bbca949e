#include "service/log_output.hpp"

namespace sluice::service {

Result<void> reopen_log_output() { return {}; }

}  // namespace sluice::service
