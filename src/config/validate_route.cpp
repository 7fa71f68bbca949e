#include "config/validate_route.hpp"

#include <algorithm>
#include <unordered_set>

#include "base/text.hpp"
#include "config/address.hpp"
#include "config/field_rules.hpp"
#include "config/ip_literal.hpp"
#include "config/words.hpp"

namespace sluice::config {
namespace {

using Findings = std::vector<Finding>;

bool is_match_host(std::string_view host) {
    if (host.starts_with("*.")) return is_host_name(host.substr(2));
    if (host.starts_with('[') && host.ends_with(']')) {
        return parse_ipv6(host.substr(1, host.size() - 2)).has_value();
    }
    return is_host_name(host) || parse_ipv4(host).has_value();
}

void check_match_host(const std::string& host, const Pointer& pointer, Findings& findings) {
    if (host.empty() || is_match_host(host)) return;
    std::string help = "write a host name, or \"*.example.com\" for every name below it";
    if (parse_address(host)) help = "leave the port out";
    if (host == "*") help = "leave the key out to match any host";
    findings.push_back({pointer.text(), false, in_quotes(host) + " is not a host", std::move(help)});
}

/// A path of a request or a pattern of one; what its segments may hold is for routing to say.
void check_path(const std::string& path, const Pointer& pointer, Findings& findings) {
    if (path.empty()) return;
    if (!path.starts_with('/')) {
        findings.push_back(
            {pointer.text(), false, "the path does not begin with '/'", "write \"/" + path + "\""});
    } else if (has_control(path) || path.contains(' ')) {
        findings.push_back({pointer.text(), false, "the path holds a blank or a control character",
                            "write it percent-encoded, such as %20"});
    } else if (path.find_first_of("?#") != std::string::npos) {
        findings.push_back({pointer.text(), false, "the path holds '?' or '#'",
                            "a query is matched by the key 'query' of 'match'"});
    }
}

void check_methods(const std::vector<std::string>& methods, const Pointer& pointer,
                   Findings& findings) {
    std::unordered_set<std::string_view> seen;
    for (std::size_t i = 0; i < methods.size(); ++i) {
        const std::string& method = methods[i];
        const Pointer place(pointer, i);
        if (!is_token(method)) {
            findings.push_back(
                {place.text(), false, in_quotes(method) + " is not a method", "write one such as \"GET\""});
        } else if (std::ranges::any_of(method,
                                       [](char c) { return c != '-' && c >= 'a' && c <= 'z'; })) {
            std::string capitals = method;
            for (char& c : capitals)
                c = c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c;
            findings.push_back({place.text(), false, in_quotes(method) + " would match no request",
                                "methods are told apart by case: write \"" + capitals + "\""});
        } else if (!seen.insert(method).second) {
            findings.push_back({place.text(), false, in_quotes(method) + " stands twice", "remove one"});
        }
    }
}

void check_field_name(const std::string& name, const Pointer& pointer, Findings& findings) {
    if (is_token(name)) return;
    findings.push_back({pointer.text(), true, in_quotes(name) + " is not a header name",
                        "write letters, digits and '-' only"});
}

void check_field_value(const std::string& value, const Pointer& pointer, Findings& findings) {
    if (is_field_value(value)) return;
    findings.push_back(
        {pointer.text(), false,
         "the value can't be sent: it holds a control character, or a blank at an end",
         "remove it"});
}

void check_conditions(const Match& match, const Pointer& pointer, Findings& findings) {
    for (const Condition& header : match.headers) {
        const Pointer above(pointer, "headers");
        const Pointer place(above, header.name);
        check_field_name(header.name, place, findings);
        if (header.value) check_field_value(*header.value, place, findings);
    }
    for (const Condition& parameter : match.query) {
        if (!parameter.name.empty()) continue;
        findings.push_back({Pointer(Pointer(pointer, "query"), parameter.name).text(), true,
                            "the name of the query parameter is empty", "write its name"});
    }
}

/// Headers that the gateway writes by itself may not be edited.
void check_owned(const std::string& name, const Pointer& pointer, Findings& findings) {
    if (equal_ignoring_case(name, "Host")) {
        findings.push_back({pointer.text(), true, "Host can't be edited",
                            "write the route's key 'host' beside 'cluster'"});
    } else if (is_connection_field(name)) {
        findings.push_back(
            {pointer.text(), true,
             in_quotes(name) + " belongs to the connection and is written by the gateway",
             "remove it"});
    }
}

void check_values(const std::vector<HeaderValue>& values, const Pointer& pointer,
                  Findings& findings) {
    std::unordered_set<std::string> seen;
    for (const HeaderValue& header : values) {
        const Pointer place(pointer, header.name);
        check_field_name(header.name, place, findings);
        check_owned(header.name, place, findings);
        check_field_value(header.value, place, findings);
        if (seen.insert(to_lower(header.name)).second) continue;
        findings.push_back(
            {place.text(), true, "the header stands twice: case does not tell names apart", "remove one"});
    }
}

void check_edits(const HeaderEdits& edits, const Pointer& pointer, Findings& findings) {
    const Pointer list(pointer, "remove");
    for (std::size_t i = 0; i < edits.remove.size(); ++i) {
        const Pointer place(list, i);
        check_field_name(edits.remove[i], place, findings);
        check_owned(edits.remove[i], place, findings);
    }
    check_values(edits.set, Pointer(pointer, "set"), findings);
    check_values(edits.add, Pointer(pointer, "add"), findings);
}

bool is_sent_host(const std::string& host) {
    if (host == "keep" || host == "endpoint" || is_match_host(host)) return !host.starts_with('*');
    const auto address = parse_address(host);
    return address && address->kind != Address::Kind::UnixPath;
}

/// The parameters of a pattern, with their mark: ":id", "*rest".
std::vector<std::string_view> parameters_of(std::string_view path) {
    std::vector<std::string_view> parameters;
    while (!path.empty()) {
        path.remove_prefix(1);
        const std::string_view segment = path.substr(0, path.find('/'));
        if (segment.starts_with(':') || segment.starts_with('*')) parameters.push_back(segment);
        path.remove_prefix(segment.size());
    }
    return parameters;
}

void check_rewrite(const Forward& forward, const Match& match, const Pointer& pointer,
                   Findings& findings) {
    check_path(forward.rewrite, pointer, findings);
    if (!forward.rewrite.starts_with('/') || !match.path.starts_with('/')) return;
    const auto known = parameters_of(match.path);
    for (const std::string_view parameter : parameters_of(forward.rewrite)) {
        const auto same = [&](std::string_view other) {
            return other.substr(1) == parameter.substr(1);
        };
        if (std::ranges::any_of(known, same)) continue;
        findings.push_back({pointer.text(), false,
                            "the path of 'match' has no parameter " + in_quotes(parameter),
                            known.empty() ? "it has none at all" : suggest(parameter, known)});
    }
}

void check_split(const std::vector<Share>& split, const Pointer& pointer, Findings& findings) {
    const auto has_weight = [](const Share& share) { return share.weight != 0; };
    if (split.empty() || std::ranges::any_of(split, has_weight)) return;
    findings.push_back({pointer.text(), false, "no cluster has a weight", "write a weight above 0 for at least one"});
}

void check_upgrade(const std::vector<std::string>& protocols, const Pointer& pointer, Findings& findings) {
    for (std::size_t i = 0; i < protocols.size(); ++i) {
        if (is_token(protocols[i])) continue;
        findings.push_back({Pointer(pointer, i).text(), false, in_quotes(protocols[i]) + " is not the name of a protocol",
                            "write one such as \"websocket\""});
    }
}

void check_forward(const Forward& forward, const Match& match, const Pointer& pointer,
                   Findings& findings) {
    if (!is_sent_host(forward.host)) {
        findings.push_back({Pointer(pointer, "host").text(), false,
                            in_quotes(forward.host) + " is not a host",
                            "write \"keep\", \"endpoint\", \"name\" or \"name:port\""});
    }
    check_split(forward.split, Pointer(pointer, "split"), findings);
    check_upgrade(forward.upgrade, Pointer(pointer, "upgrade"), findings);
    const Pointer strip(pointer, "strip_prefix");
    check_path(forward.strip_prefix, strip, findings);
    const Pointer rewrite(pointer, "rewrite");
    check_rewrite(forward, match, rewrite, findings);
    if (!forward.strip_prefix.empty() && !forward.rewrite.empty()) {
        findings.push_back({rewrite.text(), true, "'strip_prefix' and 'rewrite' exclude each other",
                            "'rewrite' says the whole path: remove 'strip_prefix'"});
    }
}

void check_redirect(const Redirect& redirect, const Pointer& pointer, Findings& findings) {
    const std::string& location = redirect.location;
    const bool is_visible =
        std::ranges::all_of(location, [](char c) { return c > 0x20 && c < 0x7F; });
    std::string rest = location;
    for (const std::string_view known : {"{host}", "{path}"}) {
        for (std::size_t at = rest.find(known); at != std::string::npos; at = rest.find(known, at)) rest.erase(at, known.size());
    }
    if (rest.find_first_of("{}") != std::string::npos) {
        findings.push_back({Pointer(pointer, "location").text(), false, "the location holds a brace that is no part of {host} or {path}",
                            "write one of these, or %7B and %7D for the braces themselves"});
    }
    if (is_visible) return;
    findings.push_back({Pointer(pointer, "location").text(), false,
                        "the location holds a blank, a control character or a letter outside ASCII",
                        "write it percent-encoded, such as %20"});
}

}  // namespace

void validate_respond(const Respond& respond, const Pointer& pointer, Findings& findings) {
    const bool is_bodiless = respond.status == 204 || respond.status == 304;
    if (is_bodiless && !respond.body.empty()) {
        findings.push_back({Pointer(pointer, "body").text(), false,
                            "status " + std::to_string(respond.status) + " can't have a body",
                            "remove it, or write another status"});
    }
    check_values(respond.headers, Pointer(pointer, "headers"), findings);
}

void validate_route(const Route& route, const Pointer& pointer,
                    std::vector<Finding>& findings) {
    const Pointer match(pointer, "match");
    check_match_host(route.match.host, Pointer(match, "host"), findings);
    check_path(route.match.path, Pointer(match, "path"), findings);
    check_methods(route.match.methods, Pointer(match, "methods"), findings);
    check_conditions(route.match, match, findings);
    check_edits(route.request_headers, Pointer(pointer, "request_headers"), findings);
    check_edits(route.response_headers, Pointer(pointer, "response_headers"), findings);
    if (const auto* forward = std::get_if<Forward>(&route.action)) {
        check_forward(*forward, route.match, pointer, findings);
    } else if (const auto* respond = std::get_if<Respond>(&route.action)) {
        validate_respond(*respond, Pointer(pointer, "respond"), findings);
    } else if (const auto* redirect = std::get_if<Redirect>(&route.action)) {
        check_redirect(*redirect, Pointer(pointer, "redirect"), findings);
    }
}

}  // namespace sluice::config
