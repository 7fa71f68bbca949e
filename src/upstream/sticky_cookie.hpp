#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "config/cluster.hpp"
#include "upstream/hash.hpp"

namespace sluice::upstream {

/// Makes and reads the cookie that leads a client back to its endpoint. Its value is the hash of the endpoint's name,
/// enciphered, and a tag over it, both keyed by the secret: a client can neither choose an endpoint nor find out its
/// address. The same secret makes the same cookie for an endpoint, at every gateway.
///
/// Threading: immutable, shared by workers.
/// Failure:   what was not made with the secret is refused, as if there were no cookie.
class StickyCookie {
public:
    explicit StickyCookie(std::string_view secret);

    /// "0123456789abcdef.0123456789abcdef0123456789abcdef"
    [[nodiscard]] std::string make(std::string_view endpoint_name) const;

    /// The endpoint_name_hash() of the endpoint that the cookie was made for. Takes the same time for every wrong tag.
    [[nodiscard]] std::optional<std::uint64_t> endpoint_hash(std::string_view cookie_value) const;

    /// The value of a Set-Cookie field (RFC 6265, 4.1). Scripts do not see the cookie.
    [[nodiscard]] std::string set_cookie(const config::Sticky& sticky, std::string_view endpoint_name) const;

private:
    [[nodiscard]] std::uint64_t encipher(std::uint64_t hash) const;
    [[nodiscard]] std::uint64_t decipher(std::uint64_t sealed) const;
    [[nodiscard]] std::uint32_t round_bits(std::uint32_t half, char round) const;
    [[nodiscard]] Digest128 tag_of(std::string_view sealed_digits) const;

    SipKey cipher_key_;
    SipKey tag_key_;
};

}  // namespace sluice::upstream
