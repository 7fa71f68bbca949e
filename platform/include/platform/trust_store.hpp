#pragma once

#include <string>
#include <vector>

namespace sluice::platform {

/// Whom the system trusts to sign certificates.
struct TrustStore {
    /// The paths that OpenSSL was built with are the system's.
    bool uses_library_paths = false;
    /// A PEM file; may be empty.
    std::string pem_file;
    /// DER.
    std::vector<std::string> certificates;
};

/// Linux: OpenSSL's own paths. Windows: the store "ROOT" of the current user, which has the machine's too
/// (CertOpenSystemStore). macOS: /etc/ssl/cert.pem, which the system keeps; what an administrator has added to a keychain is
/// not in it.
///
/// Threading: any thread.
/// Failure:   an empty store: nobody is trusted.
[[nodiscard]] TrustStore system_trust();

}  // namespace sluice::platform
