#pragma once

#include <string>
#include <string_view>

#include "base/random.hpp"
#include "http/message.hpp"

namespace sluice::proxy {

inline constexpr std::string_view websocket = "websocket";

/// A Sec-WebSocket-Key for a client that has none, because its connection is HTTP/2 (RFC 6455, 4.1; RFC 8441, 5).
[[nodiscard]] std::string new_websocket_key(Random& random);
/// The Sec-WebSocket-Accept that a server has to answer a key with (RFC 6455, 4.2.2); empty where the system forbids SHA-1.
[[nodiscard]] std::string websocket_accept(std::string_view key);

inline constexpr std::string_view websocket_key_field = "Sec-WebSocket-Key";
inline constexpr std::string_view websocket_accept_field = "Sec-WebSocket-Accept";

/// The value of the one field of this name; empty when there is none, or several.
[[nodiscard]] std::string_view only_value(const http::Fields& fields, std::string_view name);

}  // namespace sluice::proxy
