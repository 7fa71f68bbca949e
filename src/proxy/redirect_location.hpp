#pragma once

#include <string>
#include <string_view>

#include "http/message.hpp"

namespace sluice::proxy {

/// Where a redirection leads: the text of the configuration with "{host}" replaced by the host that the client asked for,
/// without its port, and "{path}" by its path and query as they came.
///
/// Lifetime: a view into the text or `scratch`.
[[nodiscard]] std::string_view redirect_location(std::string_view text, const http::RequestHead& head, std::string& scratch);

}  // namespace sluice::proxy
