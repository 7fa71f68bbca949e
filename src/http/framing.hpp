#pragma once

#include <cstdint>
#include <string_view>

#include "http/message.hpp"
#include "http/refusal.hpp"

namespace sluice::http {

/// What the fields of one head say about its body, its connection and whom it is for, gathered
/// while they are parsed.
struct FieldFacts {
    std::string_view host;
    std::string_view content_length;
    std::string_view transfer_encoding;
    std::string_view expectation;
    std::uint32_t hosts = 0;
    std::uint32_t content_lengths = 0;
    std::uint32_t transfer_encodings = 0;
    std::uint32_t expectations = 0;
    bool has_upgrade = false;
    // Options that Connection named.
    bool close = false;
    bool keep_alive = false;
    bool upgrade = false;
};

/// Adds one field. Refuses a Connection that is not a list of tokens, or that names a field which
/// delimits or routes the message: removing that one, as RFC 9110, 7.6.1 asks, would change the
/// message.
[[nodiscard]] Verdict note_field(const Field& field, FieldFacts& facts);

/// How the body is delimited by its fields, all ambiguity refused (RFC 9112, 6.1 to 6.3): None when
/// they say nothing.
[[nodiscard]] Verdict body_framing(const FieldFacts& facts, std::uint8_t minor_version,
                                   Framing& out);

/// The peer wants the connection kept (RFC 9112, 9.3); close wins over keep-alive.
[[nodiscard]] bool wants_keep_alive(const FieldFacts& facts, std::uint8_t minor_version);

}  // namespace sluice::http
