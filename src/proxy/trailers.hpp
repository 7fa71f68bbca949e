#pragma once

#include <string_view>

#include "base/result.hpp"

namespace sluice::proxy {

/// Whether these field lines may be trailers. They obey the rules of a chunked body's, so that one parser is strict for both.
///
/// Failure: BadFraming; the caller names the side.
[[nodiscard]] Result<void> check_trailers(std::string_view lines);

}  // namespace sluice::proxy
