#include "proxy/upstream_request.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "filters/hop_by_hop.hpp"
#include "proxy/request_hash.hpp"
#include "upstream/cookie.hpp"

namespace sluice::proxy {
namespace {

/// The pattern of a rewrite with the route's parameters put in.
std::string_view rewritten_path(std::string_view pattern, const routing::Params& params, std::string& out) {
    out.clear();
    while (!pattern.empty()) {
        const std::size_t slash = pattern.find('/', 1);
        const std::string_view segment = pattern.substr(0, slash);
        pattern.remove_prefix(segment.size());
        const bool is_param = segment.size() > 2 && (segment[1] == ':' || segment[1] == '*');
        const auto value = is_param ? params.find(segment.substr(2)) : std::nullopt;
        if (value) {
            out.append("/").append(*value);
        } else {
            out.append(segment);
        }
    }
    return out;
}

}  // namespace

std::string_view wanted_protocol(const config::Forward& forward, const http::RequestHead& head) {
    // With a body it would be unclear where the other protocol begins.
    if (!head.wants_upgrade || forward.upgrade.empty() || head.framing.kind != http::BodyKind::None) return {};
    for (const http::Field& field : head.fields) {
        if (field.id != http::FieldId::Upgrade) continue;
        std::string_view rest = field.value;
        while (const auto wish = next_list_element(rest)) {
            const auto is_wish = [&](const std::string& protocol) { return equal_ignoring_case(protocol, *wish); };
            if (std::ranges::any_of(forward.upgrade, is_wish)) return *wish;
        }
    }
    return {};
}

std::uint64_t balance_hash(const config::Cluster& cluster, const http::RequestHead& head, std::string_view path,
                           const filters::Forwarded& forwarded, const filters::Peer& peer) {
    if (cluster.balance != config::Balance::Hash) return 0;
    return request_hash(cluster.hash, head, path, forwarded.client_address(peer, head.fields));
}

std::optional<std::uint64_t> sticky_endpoint(const upstream::ClusterState& cluster, const http::Fields& fields) {
    const upstream::StickyCookie* const sticky = cluster.sticky();
    if (sticky == nullptr) return std::nullopt;
    const std::string& name = cluster.config().sticky->cookie;
    for (const http::Field& field : fields) {
        if (!equal_ignoring_case(field.name, "Cookie")) continue;
        const auto cookie = upstream::find_cookie(field.value, name);
        if (cookie) return sticky->endpoint_hash(*cookie);
    }
    return std::nullopt;
}

std::string_view sent_host(const config::Forward& forward, std::string_view authority, const upstream::EndpointPlace& place) {
    if (forward.host == "keep" && !authority.empty()) return authority;
    const bool is_unix = place.address.kind == config::Address::Kind::UnixPath;
    // A path is no host (RFC 9110, 7.2).
    if (is_unix && (forward.host == "keep" || forward.host == "endpoint")) return "localhost";
    if (forward.host == "keep" || forward.host == "endpoint") return place.authority;
    return forward.host;
}

std::string_view sent_path(const config::Forward& forward, std::string_view path, const routing::Params& params,
                           std::string& scratch) {
    if (!forward.rewrite.empty()) return rewritten_path(forward.rewrite, params, scratch);
    const std::string_view prefix = forward.strip_prefix;
    const bool below = path.starts_with(prefix) && (path.size() == prefix.size() || prefix.ends_with('/') || path[prefix.size()] == '/');
    if (prefix.empty() || !below) return path;
    path.remove_prefix(prefix.ends_with('/') ? prefix.size() - 1 : prefix.size());
    return path.empty() ? "/" : path;
}

Result<void> write_upstream_head(const UpstreamHead& request, http::Fields& fields, Arena& arena, http::HeadWriter& writer) {
    const http::RequestHead& head = request.head;
    fields = head.fields;
    const filters::HopByHop removed = filters::remove_hop_by_hop(fields);
    if (removed.too_many_options) {
        return fail(client_error(ErrorCode::BadRequest, "Connection names more fields than the gateway removes"));
    }
    request.forwarded.apply(fields, request.facts, arena);
    request.certificates.apply(fields, request.shown);
    request.edits.apply(fields);

    writer.request_line(head.method_name, request.path, head.query, head.has_query);
    writer.field("Host", request.host);
    for (const http::Field& field : fields) {
        if (field.id == http::FieldId::Host || field.id == http::FieldId::ContentLength) continue;
        writer.field(field);
    }
    if (!request.protocol.empty()) {
        writer.field("Upgrade", request.protocol);
        writer.field("Connection", "Upgrade");
    } else if (removed.takes_trailers) {
        writer.field("TE", "trailers");
        writer.field("Connection", "TE");
    }
    if (head.framing.kind == http::BodyKind::Chunked) {
        writer.field("Transfer-Encoding", "chunked");
    } else if (head.framing.kind == http::BodyKind::Length) {
        writer.field("Content-Length", head.framing.length);
    }
    writer.end_head();
    if (!writer.is_good()) {
        return fail(Error{ErrorCode::HeadersTooLarge, Side::Client, Retry::Never, "the request head is too large to be forwarded", {}});
    }
    return {};
}

}  // namespace sluice::proxy
