#pragma once

#include <expected>
#include <utility>

#include "base/error.hpp"

namespace sluice {

/// A value, or the reason why there is none. Checked with a plain `if`.
template <typename T>
using Result = std::expected<T, Error>;

using Failure = std::unexpected<Error>;

/// Wraps an error for return from a function that returns Result.
[[nodiscard]] inline Failure fail(Error error) { return Failure(std::move(error)); }

}  // namespace sluice
