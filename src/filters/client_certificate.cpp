#include "filters/client_certificate.hpp"

#include <algorithm>

#include "base/text.hpp"

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

std::string_view ClientCertificateHeaders::without(std::string_view trailers, std::string& kept) const {
    kept.clear();
    for (std::string_view left = trailers; !left.empty();) {
        const std::size_t end = left.find("\r\n");
        const std::string_view line = left.substr(0, end == std::string_view::npos ? end : end + 2);
        left.remove_prefix(line.size());
        const std::string_view name = line.substr(0, line.find(':'));
        const auto is_same = [name](const std::string& one) { return equal_ignoring_case(one, name); };
        if (std::ranges::none_of(names_.remove, is_same)) kept.append(line);
    }
    return kept.size() == trailers.size() ? trailers : std::string_view(kept);
}

void ClientCertificateHeaders::apply(http::Fields& fields, const ClientCertificateFields& shown) const {
    removal_.apply(fields);
    const auto add = [&](std::string_view name, std::string_view value) {
        if (!name.empty() && !value.empty()) fields.push_back({name, value, http::field_id(name)});
    };
    add(shown.subject_name, shown.subject);
    add(shown.fingerprint_name, shown.fingerprint);
}

}  // namespace sluice::filters
