#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/model.hpp"
#include "http/message.hpp"
#include "net/stream.hpp"
#include "net/task.hpp"
#include "proxy/request_reader.hpp"

namespace sluice::proxy {

/// Who sends it.
struct LocalPeer {
    bool is_unix = false;
    /// "127.0.0.1", "::1", "unix".
    std::string address;
    /// The system's number of the user at the other end of a Unix-domain socket, where the system tells it.
    std::optional<std::uint32_t> user;
};

/// A request to a service of the gateway itself, whole.
///
/// Lifetime: outlives the answer to it.
struct LocalRequest {
    const http::RequestHead& head;
    std::string_view body;
    const LocalPeer& peer;
    net::Worker& worker;
    /// Not nullptr when the body is not whole: too large, too slow, badly framed. The connection ends after the answer.
    const Error* body_error = nullptr;

    /// The value of the first header of that name, in any case; nullopt without one.
    [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
};

struct LocalResponse {
    std::uint16_t status = 200;
    std::string content_type = "text/plain; charset=utf-8";
    std::string body;
    /// Beside Date, Content-Type, Cache-Control and those of the framing: Allow, Retry-After.
    std::vector<std::pair<std::string, std::string>> headers;
};

/// What answers. It runs on the worker's thread; for what another thread does, it waits as coroutines do
/// (net/handover.hpp).
///
/// Lifetime: what it waits for comes before the gateway's sessions are cut, or the session can't end.
using LocalHandler = std::function<net::Task<LocalResponse>(const LocalRequest&)>;

/// An error as plain text.
[[nodiscard]] LocalResponse plain_error(const Error& error);

/// Serves the request that the reader has found, of a listener that is not for proxying: the admin listener, and the built-in echo upstream.
/// Bodies up to 1 MiB. Once `is_draining`, the response is the last. True when the connection can carry another request.
///
/// Threading: one worker.
/// Lifetime:  everything passed outlives the task.
[[nodiscard]] net::Task<bool> serve_locally(net::Stream& stream, RequestReader& reader, const platform::Peer& client,
                                            const LocalHandler& handler, const config::Limits& limits, const bool& is_draining);
/// Answers what is no request.
[[nodiscard]] net::Task<void> refuse_locally(net::Stream& stream, RequestReader& reader, const Error& error);

}  // namespace sluice::proxy
