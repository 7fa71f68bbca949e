#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::grpc {

/// How a message carries calls, as its Content-Type says.
enum class Kind : std::uint8_t {
    /// Not gRPC.
    Other,
    /// "application/grpc" ("PROTOCOL-HTTP2" of gRPC).
    Grpc,
    /// "application/grpc-web" ("PROTOCOL-WEB" of gRPC): trailers are a frame of the body.
    Web,
    /// "application/grpc-web-text": the same in base64.
    WebText,
};

[[nodiscard]] constexpr bool is_web(Kind kind) { return kind == Kind::Web || kind == Kind::WebText; }

/// A Content-Type taken apart.
struct ContentType {
    Kind kind = Kind::Other;
    /// How messages are coded, with the plus sign: "+proto", "+json"; "" when it is not said. A view into the field.
    std::string_view format;
};

/// Reads a Content-Type in any case; parameters are passed over, none is defined. The format may be any token.
[[nodiscard]] ContentType content_type_of(std::string_view value);

/// Appends a Content-Type: "application/grpc-web+proto". With Kind::Grpc and the format of a request of gRPC-Web this is what goes
/// to the upstream; with the `answer_kind` and the format of the upstream's response, what goes back. Never for Other.
void append_content_type(std::string& out, Kind kind, std::string_view format);

/// In which kind a request of gRPC-Web is answered: the first of Web and WebText in its Accept ("" when it has none), else its own.
[[nodiscard]] Kind answer_kind(Kind request, std::string_view accept);

}  // namespace sluice::grpc
