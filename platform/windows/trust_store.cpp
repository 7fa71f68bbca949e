#include "platform/trust_store.hpp"

#include <windows.h>

#include <wincrypt.h>

namespace sluice::platform {

TrustStore system_trust() {
    TrustStore trusted;
    const HCERTSTORE store = CertOpenSystemStoreW(0, L"ROOT");
    if (store == nullptr) return trusted;
    // Each call frees the certificate that it is given.
    PCCERT_CONTEXT one = nullptr;
    while ((one = CertEnumCertificatesInStore(store, one)) != nullptr) {
        trusted.certificates.emplace_back(reinterpret_cast<const char*>(one->pbCertEncoded), one->cbCertEncoded);
    }
    CertCloseStore(store, 0);
    return trusted;
}

}  // namespace sluice::platform
