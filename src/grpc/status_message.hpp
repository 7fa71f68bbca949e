#pragma once

#include <string>
#include <string_view>

#include "grpc/status.hpp"

namespace sluice::grpc {

/// The field with words for people beside "grpc-status".
inline constexpr std::string_view message_field = "grpc-message";

/// Appends a text as the value of "grpc-message": what is no visible ASCII or space, '%' itself, and a space at either end, where
/// HTTP would drop it, as %XX ("PROTOCOL-HTTP2" of gRPC, Percent-Encoded).
void append_status_message(std::string& out, std::string_view text);

/// Appends the text that a value of "grpc-message" stands for. What is no proper %XX is taken as it is, as the specification
/// wants; any byte may come of it, so a log must escape it.
void append_decoded_status_message(std::string& out, std::string_view value);

/// Appends "grpc-status: 14\r\n", and "grpc-message: …\r\n" when there is a text: the trailers of a call that the gateway ends.
void append_status_lines(std::string& out, Status status, std::string_view text);

}  // namespace sluice::grpc
