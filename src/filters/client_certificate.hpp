#pragma once

#include <string>
#include <string_view>

#include "config/model.hpp"
#include "filters/header_edits.hpp"
#include "http/message.hpp"

namespace sluice::filters {

/// What an upstream is told of the certificate that a client has shown; empty names and values are not sent.
struct ClientCertificateFields {
    std::string_view subject_name;
    std::string_view subject;
    std::string_view fingerprint_name;
    std::string_view fingerprint;

    /// As header fields, at most.
    [[nodiscard]] std::size_t size_bytes() const { return subject_name.size() + subject.size() + fingerprint_name.size() + fingerprint.size() + 8; }
};

/// The headers that tell upstreams of clients' certificates: whatever clients send in them is forged, and removed on every
/// listener, whether or not it asks for certificates.
///
/// Threading: immutable.
/// Lifetime:  fields that it adds hold views of what it is given.
class ClientCertificateHeaders {
public:
    explicit ClientCertificateHeaders(const config::Config& config);
    ClientCertificateHeaders(const ClientCertificateHeaders&) = delete;
    ClientCertificateHeaders& operator=(const ClientCertificateHeaders&) = delete;

    void apply(http::Fields& fields, const ClientCertificateFields& shown) const;
    /// Trailers (field lines with CRLF) without these headers: themselves where none is among them, else put into `kept`.
    [[nodiscard]] std::string_view without(std::string_view trailers, std::string& kept) const;

private:
    config::HeaderEdits names_;
    HeaderEdits removal_;
};

}  // namespace sluice::filters
