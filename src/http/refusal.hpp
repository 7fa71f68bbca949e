#pragma once

#include <string_view>

#include "base/error.hpp"

namespace sluice::http {

/// Why a message is refused, as a constant: it costs nothing until it has to be told to somebody.
struct Refusal {
    ErrorCode code;
    std::string_view reason;
};

inline constexpr Refusal bare_lf{ErrorCode::BadFraming, "a line feed without carriage return"};
inline constexpr Refusal bare_cr{ErrorCode::BadFraming, "a carriage return without line feed"};
inline constexpr Refusal fields_too_long{ErrorCode::HeadersTooLarge, "the header fields are over their limit"};
inline constexpr Refusal too_many_fields{ErrorCode::HeadersTooLarge, "more header fields than the limit"};

/// nullptr when there is nothing to refuse.
using Verdict = const Refusal*;

/// The refusal as an error of that side; whatever an upstream did is a BadResponse. `detail`, a
/// piece of the message, is shown escaped and shortened.
[[nodiscard]] Error refuse(Side side, const Refusal& refusal, std::string_view detail = {});

}  // namespace sluice::http
