#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/memory_pool.hpp"
#include "base/result.hpp"
#include "http2/server_connection.hpp"

namespace sluice::http2 {

/// Puts the fields of a request, as they are decoded, together to the head of the same request in HTTP/1.1 (RFC 9113, 8.3.1 and 8.2.3).
///
/// Threading: one worker.
class RequestText {
public:
    explicit RequestText(const Limits& limits) : limits_(limits) {}

    /// Ready for the next request.
    void clear();
    void add(std::string_view name, std::string_view value);
    /// Bytes of all fields so far, as they count for SETTINGS_MAX_HEADER_LIST_SIZE (RFC 9113, 6.5.2).
    [[nodiscard]] std::size_t decoded_bytes() const { return decoded_bytes_; }

    /// The head; of an extended CONNECT it is that of a GET with Upgrade, without the key of a WebSocket, which is the connection's own
    /// (RFC 8441, 5). Failure: side Client, with the status that fits.
    [[nodiscard]] Result<PooledString> finish(bool has_body);
    /// What an extended CONNECT asks for; empty with other requests.
    [[nodiscard]] const std::string& protocol() const { return protocol_; }
    /// The fields alone, as trailers. Failure as above.
    [[nodiscard]] Result<std::string> finish_trailers();

private:
    void add_pseudo(std::string_view name, std::string_view value);
    void begin_head();
    [[nodiscard]] bool is_too_large() const;
    [[nodiscard]] Result<void> check() const;
    [[nodiscard]] Result<void> check_protocol() const;

    Limits limits_;
    std::string method_;
    std::string protocol_;
    std::string authority_;
    std::string path_;
    std::string host_;
    std::string cookie_;
    /// As far as it is known: the request line and the fields, or trailers.
    PooledString head_;
    std::uint32_t count_ = 0;
    std::size_t decoded_bytes_ = 0;
    bool has_begun_ = false;
    bool has_web_scheme_ = false;
    bool has_length_ = false;
    bool has_authority_ = false;
    bool has_host_ = false;
    bool has_two_hosts_ = false;
    bool is_spoiled_ = false;
    bool has_protocol_ = false;
};

}  // namespace sluice::http2
