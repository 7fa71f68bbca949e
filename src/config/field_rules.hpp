#pragma once

#include <string_view>

/// Rules of HTTP for names and values that stand in a configuration.
namespace sluice::config {

/// A token (RFC 9110, 5.6.2): methods, header names.
[[nodiscard]] bool is_token(std::string_view text);

/// May be sent as a header's value (RFC 9110, 5.5): no control bytes but tab, no blanks at the
/// ends.
[[nodiscard]] bool is_field_value(std::string_view text);

[[nodiscard]] bool has_control(std::string_view text);

/// Headers that say where a message ends or that belong to one connection (RFC 9110, 7.6.1): the
/// gateway alone writes them.
[[nodiscard]] bool is_connection_field(std::string_view name);

/// Those, and Host: what edits and options may not name.
[[nodiscard]] bool is_gateway_field(std::string_view name);

/// A host name without port: labels of letters, digits, '-' and '_' of at most 63 bytes, 253 in
/// all, the last one not a number, which would be a mistyped IPv4 address.
[[nodiscard]] bool is_host_name(std::string_view text);

}  // namespace sluice::config
