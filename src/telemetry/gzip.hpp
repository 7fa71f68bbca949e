#pragma once

#include <functional>
#include <string>

#include "base/result.hpp"

namespace sluice::telemetry {

/// Writes a file anew in gzip's format (RFC 1952), removes the old one, and yields true; false when `is_over` said so
/// before the end, and all is as it was. Paths are UTF-8.
///
/// Failure: a file can't be read or written; the old one is still there.
[[nodiscard]] Result<bool> compress_file(const std::string& from, const std::string& to, const std::function<bool()>& is_over);

}  // namespace sluice::telemetry
