#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

/// Turns a request into a route: path normalisation, the compiled route table, and its listing.
/// Pure.
namespace sluice::routing {

/// Brings a path into the one form that is both matched and forwarded, so that the gateway and an
/// upstream can't read it differently. The path comes without its query.
///
/// Normal form: begins with '/'; no empty and no dot segments ("//" is merged first, then "." and
/// ".." are resolved, RFC 3986 5.2.4); percent-encoded unreserved characters are decoded and all
/// other percent-encodings have upper-case digits (RFC 3986 6.2.2). '[', ']', '^' and '|', which
/// browsers send bare (WHATWG URL), and bare UTF-8 are percent-encoded. A trailing slash is kept:
/// it means something.
///
/// Refused instead of repaired (RFC 9112 3.2): a path that does not begin with '/', goes above the
/// root, or holds: '\', %5C, %2F (encoded separators), control bytes and DEL bare or encoded, a
/// space, '"',
/// '#', '<', '>', '?', '`', '{', '}', a broken percent-encoding, bytes that are not UTF-8 (bare or
/// decoded), or a dot segment or an empty segment with path parameters ("..;x", ".;", ";x"), which
/// some servers resolve after removing the parameters.
///
/// Lifetime:  the view points into `raw` when nothing had to change (then nothing is copied), else
/// into
///            `scratch`, whose memory is reused from call to call.
/// Failure:   ErrorCode::BadPath, side Client, a sentence that says what is wrong and where.
[[nodiscard]] Result<std::string_view> normalise_path(std::string_view raw, std::string& scratch);

}  // namespace sluice::routing
