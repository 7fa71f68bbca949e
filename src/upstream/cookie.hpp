#pragma once

#include <optional>
#include <string_view>

namespace sluice::upstream {

/// The value of the first cookie of that name in a Cookie field (RFC 6265, 4.2.1), as it stands there, quotes included.
/// Names are compared with case. Pieces without "=" are passed over, and spaces around names and values are allowed.
///
/// Lifetime: the value is a view into the header.
[[nodiscard]] std::optional<std::string_view> find_cookie(std::string_view cookie_header, std::string_view name);

}  // namespace sluice::upstream
