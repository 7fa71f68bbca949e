#pragma once

#include <string>
#include <string_view>

namespace sluice::tls {

/// The 20 bytes of SHA-1, for protocols that have it in their rules; it protects nothing any more. Empty where the system forbids it.
[[nodiscard]] std::string sha1(std::string_view bytes);
/// RFC 4648, 4, with padding and without line ends.
[[nodiscard]] std::string base64(std::string_view bytes);

}  // namespace sluice::tls
