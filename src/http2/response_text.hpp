#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "http2/client_connection.hpp"

namespace sluice::http2 {

/// Puts the fields of a response, as they are decoded, together to the head of the same response in HTTP/1.1 (RFC 9113, 8.3.2).
///
/// Threading: one worker.
class ResponseText {
public:
    explicit ResponseText(const ClientLimits& limits) : limits_(limits) {}

    /// Ready for the next head, or for trailers.
    void clear();
    void add(std::string_view name, std::string_view value);

    /// The head, without a reason. Failure: side Upstream, BadResponse; 101 too, which HTTP/2 does not have (RFC 9113, 8.6).
    [[nodiscard]] Result<std::string> finish() const;
    /// The fields alone, as trailers. Failure as above.
    [[nodiscard]] Result<std::string> finish_trailers() const;
    /// Whether the head that `finish` has given is one before the final one (1xx).
    [[nodiscard]] bool is_interim() const { return status_.starts_with('1'); }

private:
    [[nodiscard]] Result<void> check() const;

    ClientLimits limits_;
    std::string status_;
    std::string fields_;
    std::uint32_t count_ = 0;
    std::size_t decoded_bytes_ = 0;
    bool has_status_ = false;
    bool is_spoiled_ = false;
};

}  // namespace sluice::http2
