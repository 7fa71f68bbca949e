#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "http/message.hpp"

namespace sluice::grpc {

/// The flag of the frame that ends a body of gRPC-Web ("PROTOCOL-WEB" of gRPC): what follows its length are trailers.
inline constexpr std::uint8_t trailers_flag = 0x80;

/// Whether a field tells how a call ended: "grpc-status", "grpc-message" and "grpc-status-details-bin", in any case. In a response
/// that is nothing else they stand in the head.
[[nodiscard]] bool is_status_field(std::string_view name);

/// Appends the trailers of an upstream's response as the frame: flag, four bytes of length, "name: value\r\n" with names in lower
/// case. `lines` are field lines with CRLF, checked; the frame is empty but for its header when there are none.
void append_web_trailers(std::string& out, std::string_view lines);

/// The same from the status fields of a head, for a response that ended with it ("Trailers-Only").
void append_web_trailers(std::string& out, const http::Fields& head);

}  // namespace sluice::grpc
