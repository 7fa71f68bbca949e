#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "proxy/explain.hpp"

namespace sluice::app {

/// Reads {"method": "GET", "url": "https://...", "headers": [["name", "value"]], "client": "10.0.0.1"}; all but the url may
/// be left out.
///
/// Failure: side Client, with what is wrong.
[[nodiscard]] Result<proxy::ExplainRequest> parse_explain_request(std::string_view json);

/// The same document, for a gateway that is asked.
[[nodiscard]] std::string explain_request_json(const proxy::ExplainRequest& request);

}  // namespace sluice::app
