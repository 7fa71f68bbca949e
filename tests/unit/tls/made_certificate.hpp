#pragma once

#include <string>
#include <vector>

namespace sluice::test {

enum class KeyKind { Rsa, Ec };

/// A certificate and its key as PEM, made for one test.
struct MadeCertificate {
    std::string certificate;
    std::string key;
};

/// An authority that signs itself.
[[nodiscard]] MadeCertificate make_authority(const std::string& name);

/// A certificate for DNS names, signed by the authority; it ends in so many days, and began as many ago, at least one.
[[nodiscard]] MadeCertificate make_certificate(const MadeCertificate& authority, const std::vector<std::string>& names,
                                               KeyKind kind = KeyKind::Ec, int days = 30);

}  // namespace sluice::test
