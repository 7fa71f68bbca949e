#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "config/effective.hpp"
#include "http/head_parser.hpp"
#include "proxy/explain_parts.hpp"
#include "proxy/upstream_request.hpp"

namespace sluice::proxy {
namespace {

constexpr std::string_view new_id = "(a new one)";
constexpr std::size_t most_hosts = 3;

bool names(const std::vector<config::HeaderValue>& list, std::string_view name) {
    return std::ranges::any_of(list, [&](const config::HeaderValue& one) { return equal_ignoring_case(one.name, name); });
}

bool names(const std::vector<std::string>& list, std::string_view name) {
    return std::ranges::any_of(list, [&](const std::string& one) { return equal_ignoring_case(one, name); });
}

std::string shown(const http::Field& field) {
    return config::is_credential_name(field.name) ? "***" : std::string(field.value);
}

/// What became of a client's fields, found by comparing what came with what goes out.
class FieldComparison {
public:
    FieldComparison(const http::Fields& came, const http::Fields& goes, const config::HeaderEdits& edits)
        : came_(came), goes_(goes), edits_(edits) {}

    [[nodiscard]] std::vector<FieldExplanation> run() const {
        std::vector<FieldExplanation> out;
        for (const http::Field& field : goes_) out.push_back({std::string(field.name), shown(field), what_of(field), by_of(field)});
        for (const http::Field& field : came_) {
            if (has(goes_, field.name)) continue;
            const bool is_edit = names(edits_.remove, field.name);
            out.push_back({std::string(field.name), shown(field), "removed", is_edit ? "route" : "gateway"});
        }
        return out;
    }

private:
    static bool has(const http::Fields& fields, std::string_view name) {
        return std::ranges::any_of(fields, [&](const http::Field& one) { return equal_ignoring_case(one.name, name); });
    }

    [[nodiscard]] bool is_as_it_came(const http::Field& field) const {
        return std::ranges::any_of(came_, [&](const http::Field& one) {
            return equal_ignoring_case(one.name, field.name) && one.value == field.value;
        });
    }

    [[nodiscard]] std::string what_of(const http::Field& field) const {
        if (is_as_it_came(field)) return "kept";
        return has(came_, field.name) && !names(edits_.add, field.name) ? "changed" : "added";
    }

    [[nodiscard]] std::string by_of(const http::Field& field) const {
        if (names(edits_.set, field.name)) return "route";
        if (is_as_it_came(field)) return "client";
        return names(edits_.add, field.name) ? "route" : "gateway";
    }

    const http::Fields& came_;
    const http::Fields& goes_;
    const config::HeaderEdits& edits_;
};

std::vector<std::string> response_lines(const ForwardedRequest& request) {
    const config::HeaderEdits& edits = request.match.route->response_headers;
    std::vector<std::string> lines{"fields of the connection are removed"};
    for (const std::string& name : edits.remove) lines.push_back("removes " + name);
    const auto value = [](const config::HeaderValue& field) {
        return field.name + ": " + (config::is_credential_name(field.name) ? "***" : field.value);
    };
    for (const config::HeaderValue& field : edits.set) lines.push_back("sets " + value(field));
    for (const config::HeaderValue& field : edits.add) lines.push_back("adds " + value(field));
    return lines;
}

/// Each Host that one of the places would get.
std::vector<std::string> hosts_of(const ForwardedRequest& request, const std::vector<upstream::EndpointPlace>& places) {
    std::vector<std::string> hosts;
    for (const upstream::EndpointPlace& place : places) {
        std::string host(sent_host(request.forward(), request.head.authority, place));
        if (std::ranges::find(hosts, host) == hosts.end()) hosts.push_back(std::move(host));
    }
    return hosts;
}

std::string joined(const std::vector<std::string>& hosts) {
    std::string out;
    for (std::size_t i = 0; i < std::min(hosts.size(), most_hosts); ++i) out += (i == 0 ? "" : " or ") + hosts[i];
    if (hosts.size() > most_hosts) out += " or another";
    return out;
}

std::size_t room_for(const Snapshot& snapshot, const http::RequestHead& head) {
    std::size_t bytes = snapshot.head_room_bytes() + 3 * head.target.size();
    for (const http::Field& field : head.fields) bytes += 3 * (field.name.size() + field.value.size() + 4);
    return bytes;
}

/// As parsed, what it holds is what the upstream reads.
Result<UpstreamExplanation> describe_head(std::string_view bytes, const ForwardedRequest& request, std::string_view request_id) {
    const http::HeadLimits no_limits{100'000, 100'000'000, 100'000'000};
    http::RequestHead sent;
    if (Result<void> parsed = http::parse_request_head(bytes, no_limits, sent); !parsed) return fail(std::move(parsed.error()));
    UpstreamExplanation out;
    out.request_line = bytes.substr(0, bytes.find("\r\n"));
    out.path = sent.target;
    out.fields = FieldComparison(request.head.fields, sent.fields, request.match.route->request_headers).run();
    const http::Fields& came = request.head.fields;
    const bool is_clients = std::ranges::any_of(came, [&](const http::Field& field) { return field.value.data() == request_id.data(); });
    for (FieldExplanation& field : out.fields) {
        if (!is_clients && field.what != "removed" && field.value == request_id) field.value = new_id;
    }
    return out;
}

}  // namespace

Result<UpstreamExplanation> explain_upstream(const ForwardedRequest& request, const std::vector<upstream::EndpointPlace>& places) {
    Arena arena;
    Random random(0);
    http::Fields fields;
    std::string rewritten;
    const std::vector<std::string> hosts = hosts_of(request, places);
    const std::string_view protocol = wanted_protocol(request.forward(), request.head);
    const std::string_view request_id = request.forwarded.request_id(request.head.fields, arena, random);
    const filters::ForwardedFacts facts{request.peer, request.head.scheme == "https" ? "https" : "http", request.head.authority, request.head.major_version, request.head.minor_version, request_id};
    const UpstreamHead head{request.head, request.forwarded, facts, request.snapshot.client_certificates(), {}, request.plan().request_headers,
                            sent_path(request.forward(), request.path, request.match.params, rewritten),
                            hosts.empty() ? std::string_view("localhost") : std::string_view(hosts.front()), protocol};
    std::string buffer(room_for(request.snapshot, request.head), '\0');
    http::HeadWriter writer(buffer);
    if (Result<void> written = write_upstream_head(head, fields, arena, writer); !written) return fail(std::move(written.error()));
    Result<UpstreamExplanation> out = describe_head(writer.view(), request, request_id);
    if (!out) return out;
    out->host = joined(hosts);
    for (FieldExplanation& field : out->fields) {
        if (equal_ignoring_case(field.name, "Host") && field.what != "removed") field.value = out->host;
    }
    out->protocol = protocol;
    out->response = response_lines(request);
    return out;
}

}  // namespace sluice::proxy
