#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "proxy/explain.hpp"

namespace sluice::app {

/// Reads {"method": "GET", "url": "https://...", "headers": [["name", "value"]], "client": "10.0.0.1"}; all but the url may
/// be left out. The key "format" is for answer_explain.
///
/// Failure: side Client, with what is wrong.
[[nodiscard]] Result<proxy::ExplainRequest> parse_explain_request(std::string_view json);

/// The same document, for a gateway that is asked. `format` is "json" or "text".
[[nodiscard]] std::string explain_request_json(const proxy::ExplainRequest& request, std::string_view format);

/// What POST /v1/explain answers to a body: the explanation as JSON, of the snapshot in force; {"text": "..."} when the body has
/// "format": "text".
///
/// Threading: any thread.
/// Failure:   side Client, as a request that can't be read.
[[nodiscard]] Result<std::string> answer_explain(const proxy::Snapshot& snapshot, std::string_view body, TimePoint now);

}  // namespace sluice::app
