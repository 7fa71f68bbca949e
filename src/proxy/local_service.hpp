#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "config/model.hpp"
#include "http/message.hpp"
#include "net/stream.hpp"
#include "net/task.hpp"
#include "proxy/request_reader.hpp"

namespace sluice::proxy {

/// A request to a service of the gateway itself, whole.
struct LocalRequest {
    const http::RequestHead& head;
    std::string_view body;
};

struct LocalResponse {
    std::uint16_t status = 200;
    std::string content_type = "text/plain; charset=utf-8";
    std::string body;
};

/// What answers; runs on the worker's thread and must not wait.
using LocalHandler = std::function<LocalResponse(const LocalRequest&)>;

/// Serves one connection of a listener that is not for proxying: the admin listener, and the built-in
/// echo upstream. Small bodies only.
///
/// Threading: one worker.
/// Lifetime:  everything passed outlives the task.
[[nodiscard]] net::Task<void> serve_locally(net::Stream& stream, RequestReader& reader,
                                            const LocalHandler& handler,
                                            const config::Limits& limits);

}  // namespace sluice::proxy
