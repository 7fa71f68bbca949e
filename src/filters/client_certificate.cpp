#include "filters/client_certificate.hpp"

namespace sluice::filters {
namespace {

/// Those of every listener, and the usual ones.
config::HeaderEdits names_of(const config::Config& config) {
    config::HeaderEdits names;
    const config::ClientCertificates usual;
    names.remove = {usual.subject_header, usual.fingerprint_header};
    for (const config::Listener& listener : config.listeners) {
        if (!listener.tls || !listener.tls->client_certificates) continue;
        const config::ClientCertificates& asked = *listener.tls->client_certificates;
        for (const std::string& name : {asked.subject_header, asked.fingerprint_header}) {
            if (!name.empty()) names.remove.push_back(name);
        }
    }
    return names;
}

}  // namespace

ClientCertificateHeaders::ClientCertificateHeaders(const config::Config& config) : names_(names_of(config)), removal_(names_) {}

void ClientCertificateHeaders::apply(http::Fields& fields, const ClientCertificateFields& shown) const {
    removal_.apply(fields);
    const auto add = [&](std::string_view name, std::string_view value) {
        if (!name.empty() && !value.empty()) fields.push_back({name, value, http::field_id(name)});
    };
    add(shown.subject_name, shown.subject);
    add(shown.fingerprint_name, shown.fingerprint);
}

}  // namespace sluice::filters
