#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/message.hpp"

namespace sluice::test {

/// What llhttp, in its strict mode, makes of the first message in some bytes: the second opinion
/// about our own parser.
struct LlhttpOpinion {
    /// Nothing was refused, as far as the bytes go.
    bool is_accepted = false;
    bool is_head_complete = false;
    bool is_complete = false;
    /// Name of the error, e.g. HPE_INVALID_METHOD.
    std::string error;
    std::string method;
    std::string target;
    int status = 0;
    int minor_version = 0;
    /// Values without white space at their ends.
    std::vector<std::pair<std::string, std::string>> fields;
    bool is_chunked = false;
    bool has_length = false;
    std::uint64_t length = 0;
    std::string body;
};

[[nodiscard]] LlhttpOpinion ask_llhttp_about_request(std::string_view bytes);
[[nodiscard]] LlhttpOpinion ask_llhttp_about_response(std::string_view bytes,
                                                      http::Method answered);

/// "" when llhttp takes a head that we have taken, and reads the same in it; otherwise the
/// difference. Knows where llhttp refuses what is valid:
///  - methods outside its list, and those that it knows of other protocols (RTSP, ICE),
///  - Content-Length or Transfer-Encoding with HTAB after the value, which is white space like any
///  other (RFC 9110, 5.6.3).
///    In a response it takes "chunked" HTAB for an unknown coding.
[[nodiscard]] std::string difference(const http::RequestHead& ours, std::string_view head);
[[nodiscard]] std::string difference(const http::ResponseHead& ours, std::string_view head,
                                     http::Method answered);

/// The same for a chunked body that we have taken whole (`encoded`) and read as `data`. Its known
/// refusals: quoted pairs in chunk extensions, and a second extension after one with a value.
[[nodiscard]] std::string chunked_difference(std::string_view encoded, std::string_view data);

}  // namespace sluice::test
