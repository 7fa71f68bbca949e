#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/arena.hpp"
#include "base/result.hpp"
#include "filters/forwarded.hpp"
#include "http/message.hpp"
#include "http/serializer.hpp"
#include "proxy/snapshot.hpp"
#include "routing/params.hpp"
#include "upstream/cluster_state.hpp"

/// Steps 7 to 9 of a request as far as they need no connection: whom it is for, and what of it goes out. Exchanges and
/// `sluice explain` share them.
namespace sluice::proxy {

/// Of the protocols that the client asks for, which it likes best first, the first that it may have; empty when the request
/// goes on without such a wish.
[[nodiscard]] std::string_view wanted_protocol(const config::Forward& forward, const http::RequestHead& head);

/// What the cluster balances by; 0 where it does not go by the request.
[[nodiscard]] std::uint64_t balance_hash(const config::Cluster& cluster, const http::RequestHead& head, std::string_view path,
                                         const filters::Forwarded& forwarded, const filters::Peer& peer);

/// The endpoint that the client's cookie names, when the cluster uses one and it is sound.
[[nodiscard]] std::optional<std::uint64_t> sticky_endpoint(const upstream::ClusterState& cluster, const http::Fields& fields);

/// The Host that the upstream gets.
[[nodiscard]] std::string_view sent_host(const config::Forward& forward, std::string_view authority,
                                         const upstream::EndpointPlace& place);

/// The path that the upstream gets.
///
/// Lifetime: a view into the path, the forward, or `scratch`.
[[nodiscard]] std::string_view sent_path(const config::Forward& forward, std::string_view path, const routing::Params& params,
                                         std::string& scratch);

/// What makes a head for the upstream out of a client's.
///
/// Lifetime: only for the call.
struct UpstreamHead {
    const http::RequestHead& head;
    const filters::Forwarded& forwarded;
    const filters::ForwardedFacts& facts;
    const filters::ClientCertificateHeaders& certificates;
    const filters::ClientCertificateFields& shown;
    const filters::HeaderEdits& edits;
    std::string_view path;
    std::string_view host;
    /// What the client changes to; empty for none.
    std::string_view protocol;
};

/// Writes it. `fields` and `arena` are memory for it.
///
/// Failure: side Client, when Connection is abused or the head does not fit.
[[nodiscard]] Result<void> write_upstream_head(const UpstreamHead& request, http::Fields& fields, Arena& arena,
                                               http::HeadWriter& writer);

}  // namespace sluice::proxy
