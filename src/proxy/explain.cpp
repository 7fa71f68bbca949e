#include "proxy/explain.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "config/address.hpp"
#include "config/effective.hpp"
#include "filters/header_edits.hpp"
#include "http/head_parser.hpp"
#include "proxy/error_response.hpp"
#include "proxy/explain_parts.hpp"
#include "proxy/request_reader.hpp"
#include "proxy/route_choice.hpp"
#include "proxy/redirect_location.hpp"

namespace sluice::proxy {
namespace {

/// A URL taken apart as a client does before it sends.
struct Url {
    std::string_view scheme;
    std::string_view authority;
    std::string target;
};

Url split_url(std::string_view text) {
    Url url;
    text = text.substr(0, text.find('#'));
    const std::size_t scheme_end = text.find("://");
    if (scheme_end == std::string_view::npos || text.starts_with('/')) {
        url.target = text;
        return url;
    }
    url.scheme = text.substr(0, scheme_end);
    text.remove_prefix(scheme_end + 3);
    const std::size_t end = std::min(text.find_first_of("/?"), text.size());
    url.authority = text.substr(0, end);
    url.target = text.substr(end);
    if (!url.target.starts_with('/')) url.target.insert(0, "/");
    return url;
}

bool has_control(std::string_view text) {
    return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

Result<void> check(const ExplainRequest& request) {
    bool is_sound = !has_control(request.method) && !has_control(request.url) && !request.url.empty() && !request.method.empty();
    for (const config::HeaderValue& header : request.headers) {
        is_sound = is_sound && !has_control(header.name) && !has_control(header.value);
    }
    if (!is_sound) return fail(client_error(ErrorCode::BadRequest, "method, url and headers are texts without control characters"));
    if (request.client != "unix" && !config::parse_ip(request.client)) {
        return fail(client_error(ErrorCode::BadRequest, "the client is an IP address, or \"unix\""));
    }
    return {};
}

/// The bytes that a client would send.
std::string head_bytes(const ExplainRequest& request, const Url& url, const config::Config& config) {
    const auto is_host = [](const config::HeaderValue& header) { return equal_ignoring_case(header.name, "Host"); };
    std::string bytes = request.method + " " + url.target + " HTTP/1.1\r\n";
    if (std::ranges::none_of(request.headers, is_host)) {
        const config::Address& first = config.listeners.front().address;
        const std::string fallback = first.kind == config::Address::Kind::UnixPath ? "localhost" : first.text();
        bytes += "Host: " + (url.authority.empty() ? fallback : std::string(url.authority)) + "\r\n";
    }
    for (const config::HeaderValue& header : request.headers) bytes += header.name + ": " + header.value + "\r\n";
    return bytes + "\r\n";
}

std::string port_of(const Url& url) {
    const std::size_t colon = url.authority.rfind(':');
    if (colon != std::string_view::npos && url.authority.find(']', colon) == std::string_view::npos) {
        return std::string(url.authority.substr(colon + 1));
    }
    if (url.scheme.empty()) return {};
    return equal_ignoring_case(url.scheme, "https") ? "443" : "80";
}

std::vector<ListenerExplanation> explain_listeners(const config::Config& config, const Url& url) {
    const std::string port = port_of(url);
    std::vector<ListenerExplanation> listeners;
    for (const config::Listener& listener : config.listeners) {
        const bool has_port = listener.address.kind != config::Address::Kind::UnixPath && std::to_string(listener.address.port) == port;
        listeners.push_back({listener.name, listener.address.text(), has_port});
    }
    return listeners;
}

AnswerExplanation answer_error(const Error& error, std::string_view allow) {
    AnswerExplanation answer{status_of(error), error.context(), {}};
    if (error.code == ErrorCode::MethodNotAllowed) answer.fields.emplace_back("Allow", allow);
    return answer;
}

/// As the client gets them, but for values that nobody is to read in a terminal.
void add_fields(const config::Route& route, http::Fields& fields, AnswerExplanation& answer) {
    filters::HeaderEdits(route.response_headers).apply(fields);
    for (const http::Field& field : fields) {
        answer.fields.emplace_back(field.name, config::is_credential_name(field.name) ? "***" : field.value);
    }
}

AnswerExplanation answer_respond(const config::Route& route, const config::Respond& respond) {
    AnswerExplanation answer{respond.status, "the route's own answer", {}};
    if (!respond.body.empty()) answer.words += ", with a body of " + std::to_string(respond.body.size()) + " bytes";
    http::Fields fields;
    for (const config::HeaderValue& header : respond.headers) fields.push_back({header.name, header.value});
    add_fields(route, fields, answer);
    return answer;
}

AnswerExplanation answer_redirect(const ForwardedRequest& request, const config::Redirect& redirect) {
    AnswerExplanation answer{redirect.status, "the route's redirection", {}};
    std::string scratch;
    http::Fields fields{{"Location", redirect_location(redirect.location, request.head, scratch)}};
    add_fields(*request.match.route, fields, answer);
    return answer;
}

/// The route has been found: what it does.
void explain_action(const ForwardedRequest& request, Explanation& out) {
    const config::Route& route = *request.match.route;
    if (route.max_body_bytes != 0) {
        out.limits.push_back("a body of more than " + std::to_string(route.max_body_bytes) + " bytes gets 413");
    }
    if (const Result<void> fits = check_body_limit(route, request.head.framing); !fits) {
        out.answer = answer_error(fits.error(), {});
    } else if (const auto* respond = std::get_if<config::Respond>(&route.action)) {
        out.answer = answer_respond(route, *respond);
    } else if (const auto* redirect = std::get_if<config::Redirect>(&route.action)) {
        out.answer = answer_redirect(request, *redirect);
    } else {
        explain_forward(request, out);
    }
}

/// The head is sound: path, route, and all that follows.
void explain_head(const Snapshot& snapshot, const http::RequestHead& head, const filters::Forwarded& forwarded,
                  const filters::Peer& peer, TimePoint now, Explanation& out) {
    out.host = head.authority;
    out.path.sent = head.path;
    out.path.steps = path_steps(head.path);
    std::string scratch;
    std::string_view path;
    routing::Match match;
    const Result<void> chosen = choose_route(snapshot.routes(), head, scratch, path, match);
    out.path.normal = path;
    const routing::RequestKey key = request_key(head, path);
    if (!path.empty()) out.others = explain_others(snapshot, key, match.route);
    if (!chosen) {
        out.answer = answer_error(chosen.error(), match.allow);
        return;
    }
    if (match.route == nullptr) {
        out.answer = {std::uint16_t{204}, "OPTIONS * asks about the gateway itself", {{"Allow", std::string(known_methods)}}};
        return;
    }
    out.route = explain_route(snapshot.route(match.route_index), match, key);
    explain_action({snapshot, head, path, match, forwarded, peer, now, out.is_live}, out);
}

}  // namespace

Result<Explanation> explain(const Snapshot& snapshot, const ExplainRequest& request, TimePoint now) {
    if (Result<void> sound = check(request); !sound) return fail(std::move(sound.error()));
    const config::Config& config = snapshot.config();
    const Url url = split_url(request.url);
    const filters::Forwarded forwarded(config.forwarding);
    const filters::Peer peer = forwarded.make_peer(request.client == "unix" ? std::string_view() : std::string_view(request.client));
    Explanation out;
    out.method = request.method;
    out.url = request.url;
    out.is_trusted = peer.is_trusted;
    out.is_live = request.is_live;
    out.client = peer.text;
    out.listeners = explain_listeners(config, url);
    const std::string bytes = head_bytes(request, url, config);
    http::RequestHead head;
    const Result<void> parsed = http::parse_request_head(bytes, head_limits(config.limits), head);
    if (!parsed) {
        out.answer = answer_error(parsed.error(), {});
        return out;
    }
    out.client = forwarded.client_address(peer, head.fields);
    explain_head(snapshot, head, forwarded, peer, now, out);
    return out;
}

}  // namespace sluice::proxy
