#pragma once

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::http2 {

/// A head of HTTP/1.1, or field lines, as nghttp2 takes fields: names in lower case, and none of those that belong to a connection
/// (RFC 9113, 8.2.2).
///
/// Lifetime: points into the text.
class ResponseFields {
public:
    /// A response's head, with its status line.
    ResponseFields(std::uint16_t status, std::string_view head);
    /// Trailers.
    explicit ResponseFields(std::string_view lines) { add_lines(lines); }
    ResponseFields(const ResponseFields&) = delete;
    ResponseFields& operator=(const ResponseFields&) = delete;

    [[nodiscard]] const nghttp2_nv* data() const { return fields_.data(); }
    [[nodiscard]] std::size_t count() const { return fields_.size(); }

private:
    void add_lines(std::string_view lines);
    void add(std::string_view name, std::string_view value);

    std::string status_;
    /// The names in lower case.
    std::string names_;
    std::vector<nghttp2_nv> fields_;
};

}  // namespace sluice::http2
