#pragma once

#include <optional>

#include "http2/outgoing_body.hpp"
#include "http2/protocol.hpp"

namespace sluice::http2 {

/// What a ClientConnection knows of one stream.
struct ClientStream {
    StreamId id = 0;
    OutgoingBody body;
    bool has_body = false;
    bool is_sent = false;
    /// A head has come, be it one before the final one.
    bool has_head = false;
    bool has_final_head = false;
    /// The response is whole.
    bool has_ended = false;
    /// The owner waits for nothing more; our end has yet to go out.
    bool is_forgotten = false;
    /// It is being reset by us.
    std::optional<Code> fault;

    [[nodiscard]] bool is_over() const { return has_ended && (!has_body || body.is_over()); }
};

}  // namespace sluice::http2
