#pragma once

#include "proxy/local_service.hpp"

namespace sluice::app {

/// The built-in upstream of the embedded configuration: answers every request with what arrived, as JSON, so that the
/// first curl shows what the gateway sends on.
[[nodiscard]] net::Task<proxy::LocalResponse> answer_echo(const proxy::LocalRequest& request);

}  // namespace sluice::app
