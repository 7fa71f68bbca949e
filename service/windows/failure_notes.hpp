#pragma once

#include <string_view>

namespace sluice::service {

/// Writes the last entry of a service: how it has ended, with what note_failure() kept.
void write_end(int exit_code, std::string_view reason);

}  // namespace sluice::service
