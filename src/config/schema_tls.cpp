#include <array>

#include "config/schema_binding.hpp"
#include "config/schema_objects.hpp"

// The part of the table that is about TLS.
namespace sluice::config {
namespace {

using binding::bind;

constexpr std::array certificate_keys{
    bind<&ServerCertificate::cert>({.name = "cert",
                                    .range = {1, 4096},
                                    .sentence = "A PEM file: the server's certificate first, then those of its authorities but the last.",
                                    .required = true,
                                    .is_path = true}),
    bind<&ServerCertificate::key>({.name = "key",
                                   .range = {1, 4096},
                                   .sentence = "A PEM file: the private key of the certificate, without a password.",
                                   .required = true,
                                   .is_path = true}),
    bind<&ServerCertificate::names>({.name = "names",
                                     .range = {0, 1000},
                                     .sentence = "The names for which it is shown: \"example.com\", or \"*.example.com\" for every name "
                                                 "one level below.",
                                     .default_note = "those of the certificate"}),
    bind<&ServerCertificate::ocsp>({.name = "ocsp",
                                    .range = {1, 4096},
                                    .sentence = "A DER file: what the authority says of the certificate (an OCSP response), sent along to "
                                                "clients that ask.",
                                    .default_note = "none",
                                    .is_path = true}),
};
constexpr Object certificate{
    "certificate",
    "A certificate of the gateway's. Clients that ask for no name, or for one that is not there, get the first one. Two of the "
    "same name with other kinds of keys (RSA, ECDSA) stand side by side.",
    certificate_keys,
    {}};

constexpr std::array client_keys{
    bind<&ClientCertificates::mode>({.name = "mode",
                                     .choices = "optional required",
                                     .sentence = "Whether a client without a certificate is served; one with a wrong certificate never is."}),
    bind<&ClientCertificates::ca>({.name = "ca",
                                   .range = {1, 4096},
                                   .sentence = "A PEM file: the authorities that sign clients' certificates.",
                                   .required = true,
                                   .is_path = true}),
    bind<&ClientCertificates::subject_header>(
        {.name = "subject_header",
         .range = {0, 128},
         .sentence = "The header in which the upstream gets the subject of the certificate (RFC 4514); empty sends none."}),
    bind<&ClientCertificates::fingerprint_header>(
        {.name = "fingerprint_header",
         .range = {0, 128},
         .sentence = "The header in which the upstream gets the SHA-256 of the certificate in hexadecimal; empty sends none."}),
};
constexpr Object client_certificates{
    "client certificates",
    "Certificates that clients have to show. The two headers are removed from every request, on every listener, before they are "
    "set.",
    client_keys,
    {}};

constexpr std::array listener_keys{
    bind<&ListenerTls::certificates>({.name = "certificates",
                                      .range = {1, 1000},
                                      .sentence = "The certificates, chosen by the name that a client asks for.",
                                      .required = true,
                                      .object = &certificate}),
    bind<&ListenerTls::min_version>({.name = "min_version",
                                     .choices = "1.2 1.3",
                                     .sentence = "The oldest version of TLS that is spoken; the newest is 1.3."}),
    bind<&ListenerTls::client_certificates>({.name = "client_certificates",
                                             .sentence = "What is asked of clients.",
                                             .default_note = "none is asked for",
                                             .object = &client_certificates}),
    bind<&ListenerTls::tickets>({.name = "tickets",
                                 .sentence = "Whether clients may go on with an earlier session, which saves most of a handshake. Never where "
                                             "clients are asked for certificates, which nobody would look at again."}),
};

constexpr std::array cluster_tls_keys{
    bind<&ClusterTls::verify>({.name = "verify",
                               .sentence = "Whether the upstream has to prove who it is. Without, anybody in between can read and "
                                           "change everything."}),
    bind<&ClusterTls::ca>({.name = "ca",
                           .range = {1, 4096},
                           .sentence = "A PEM file: the authorities that are trusted.",
                           .default_note = "those whom the system trusts",
                           .is_path = true}),
    bind<&ClusterTls::server_name>({.name = "server_name",
                                    .range = {1, 255},
                                    .sentence = "The name that the upstream is asked for and has to prove.",
                                    .default_note = "the host of the endpoint's address"}),
    bind<&ClusterTls::cert>({.name = "cert",
                             .range = {1, 4096},
                             .sentence = "A PEM file: the gateway's certificate as a client.",
                             .only_with = "key",
                             .default_note = "none",
                             .is_path = true}),
    bind<&ClusterTls::key>({.name = "key",
                            .range = {1, 4096},
                            .sentence = "A PEM file: the private key of `cert`.",
                            .only_with = "cert",
                            .default_note = "none",
                            .is_path = true}),
};

}  // namespace

constexpr Object listener_tls_object{
    "listener tls", "TLS with clients. A reload takes changed files in; connections go on.", listener_keys, {}};
constexpr Object cluster_tls_object{
    "cluster tls", "TLS with the upstream; an empty object is TLS with the defaults.", cluster_tls_keys, {}};

}  // namespace sluice::config
