#include "proxy/route_choice.hpp"

#include <utility>

#include "routing/path.hpp"

namespace sluice::proxy {

std::string_view host_without_port(std::string_view authority) {
    const std::size_t colon = authority.rfind(':');
    // A colon inside brackets belongs to an IPv6 address.
    if (colon == std::string_view::npos || authority.find(']', colon) != std::string_view::npos) {
        return authority;
    }
    return authority.substr(0, colon);
}

routing::RequestKey request_key(const http::RequestHead& head, std::string_view path) {
    return {head.method, head.method_name, host_without_port(head.authority), path, head.query, &head.fields};
}

Result<void> choose_route(const routing::RouteTable& table, const http::RequestHead& head, std::string& scratch,
                          std::string_view& path, routing::Match& match) {
    if (head.method == http::Method::Connect || head.method == http::Method::Trace) {
        match.allow = known_methods;
        return fail(client_error(ErrorCode::MethodNotAllowed, "the gateway does not serve CONNECT and TRACE"));
    }
    if (head.target_form == http::TargetForm::Asterisk) return {};
    Result<std::string_view> normal = routing::normalise_path(head.path, scratch);
    if (!normal) return fail(std::move(normal.error()));
    path = *normal;
    switch (table.match(request_key(head, path), match)) {
        case routing::Outcome::Found: break;
        case routing::Outcome::NotFound:
            match.route = nullptr;
            return fail(client_error(ErrorCode::NoRoute, "no route matches this host and path"));
        case routing::Outcome::MethodNotAllowed:
            match.route = nullptr;
            return fail(client_error(ErrorCode::MethodNotAllowed, "this path does not serve the request's method; see Allow"));
    }
    match.allow = {};
    return {};
}

Result<void> check_body_limit(const config::Route& route, const http::Framing& framing) {
    const std::uint64_t limit = route.max_body_bytes;
    if (limit == 0 || framing.kind != http::BodyKind::Length || framing.length <= limit) {
        return {};
    }
    return fail(client_error(ErrorCode::BodyTooLarge,
                             "the body is larger than the " + std::to_string(limit) + " bytes that this route takes"));
}

}  // namespace sluice::proxy
