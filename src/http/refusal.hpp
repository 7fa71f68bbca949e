#pragma once

#include <string_view>

#include "base/error.hpp"

namespace sluice::http {

/// Why a message is refused, as a constant: it costs nothing until it has to be told to somebody.
struct Refusal {
    ErrorCode code;
    std::string_view reason;
};

/// nullptr when there is nothing to refuse.
using Verdict = const Refusal*;

/// The refusal as an error of that side; whatever an upstream did is a BadResponse. `detail`, a
/// piece of the message, is shown escaped and shortened.
[[nodiscard]] Error refuse(Side side, const Refusal& refusal, std::string_view detail = {});

}  // namespace sluice::http
