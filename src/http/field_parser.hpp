#pragma once

#include "http/characters.hpp"
#include "http/message.hpp"
#include "http/refusal.hpp"

namespace sluice::http {

/// Takes one field line with its CRLF off the front of [at, end), strictly (RFC 9112, 5): no
/// folding, no white space before the colon, no control bytes but HTAB inside the value. The value
/// is trimmed; the id is set.
///
/// `name_class` is PlainName for requests and Token for responses.
/// Failure: `at` stays where it was, at the beginning of the line.
[[nodiscard]] Verdict take_field_line(const char*& at, const char* end, ByteClass name_class,
                                      Field& out);

/// The line that begins at `at`, for a message about it.
[[nodiscard]] std::string_view line_at(const char* at, const char* end);

/// The same without what follows a colon: a message about a field tells its name and never its
/// value, which may be a secret.
[[nodiscard]] std::string_view name_at(const char* at, const char* end);

/// May stand in a trailer section: neither framing, routing, authentication, request modifiers nor
/// content format (RFC 9110, 6.5.1), nor what tells an upstream who the client is.
[[nodiscard]] bool is_allowed_in_trailers(std::string_view name);

}  // namespace sluice::http
