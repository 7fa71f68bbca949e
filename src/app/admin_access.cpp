#include "app/admin_access.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "config/address.hpp"
#include "http/authority.hpp"

namespace sluice::app {
namespace {

/// Clients whose wrong tokens are counted apart; those that would be more share one count.
constexpr std::size_t most_counted_clients = 1024;

std::chrono::seconds whole_seconds(Duration wait) { return std::chrono::ceil<std::chrono::seconds>(wait); }

std::optional<std::string_view> bearer_token(std::string_view authorization) {
    const std::size_t space = authorization.find(' ');
    if (space == std::string_view::npos || !equal_ignoring_case(authorization.substr(0, space), "Bearer")) return std::nullopt;
    return trim(authorization.substr(space + 1));
}

/// Without port and brackets; empty when there is none.
std::string_view host_of(std::string_view authority) {
    const std::optional<http::Authority> parts = http::parse_authority(authority);
    if (!parts) return {};
    return parts->host.starts_with('[') ? parts->host.substr(1, parts->host.size() - 2) : parts->host;
}

bool is_same_host(std::string_view a, std::string_view b) {
    if (equal_ignoring_case(a, b)) return true;
    const std::optional<config::Network> literal = config::parse_ip(a);
    return literal && literal == config::parse_ip(b);
}

bool is_wildcard(const config::Address& address) { return address.host == "0.0.0.0" || address.host == "::"; }

/// Only names can be turned to another address by who owns them, so a literal is what it says. Which literals are ours is
/// not known when every address of the machine is listened on.
bool is_allowed_host(std::string_view host, const AdminAccess::Settings& settings) {
    if (host.empty()) return false;
    if (is_loopback_host(host)) return true;
    if (is_same_host(host, settings.address.host)) return true;
    if (is_wildcard(settings.address) && config::parse_ip(host)) return true;
    return std::ranges::any_of(settings.hosts, [&](const std::string& name) { return equal_ignoring_case(host, name); });
}

/// Whether an Origin is the page's own server as the request names it. TLS may have been taken off before us.
bool is_own_origin(std::string_view origin, std::string_view authority) {
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (origin.starts_with(scheme) && equal_ignoring_case(origin.substr(scheme.size()), authority)) return true;
    }
    return false;
}

bool is_json(std::string_view content_type) {
    return equal_ignoring_case(trim(content_type.substr(0, content_type.find(';'))), "application/json");
}

Refusal too_many(std::string_view code, std::string message, Duration wait) {
    return {429, code, std::move(message), "wait as long as Retry-After says", std::max(whole_seconds(wait), std::chrono::seconds{1})};
}

}  // namespace

bool is_loopback_host(std::string_view host) {
    if (equal_ignoring_case(host, "localhost") || is_same_host(host, "::1")) return true;
    // 127.0.0.0/8; a name such as 127.evil.example is no literal.
    return host.starts_with("127.") && config::parse_ip(host).has_value();
}

bool equal_in_constant_time(std::string_view given, std::string_view expected) {
    if (expected.empty()) return false;
    unsigned difference = given.size() == expected.size() ? 0U : 1U;
    for (std::size_t i = 0; i < given.size(); ++i) {
        difference |= static_cast<unsigned>(given[i] ^ expected[i % expected.size()]);
    }
    return difference == 0;
}

AdminAccess::AdminAccess(Settings settings) : settings_(std::move(settings)) {}

void AdminAccess::set(Settings settings) {
    const std::lock_guard lock(mutex_);
    settings_ = std::move(settings);
}

std::optional<Refusal> AdminAccess::check_source(const AdminCall& call) const {
    const std::lock_guard lock(mutex_);
    if (!call.is_unix && !is_allowed_host(host_of(call.authority), settings_)) {
        return Refusal{421, "host_unknown", "the admin listener does not know itself by this Host",
                       "call it by localhost or its address, or add the name to admin.hosts"};
    }
    const bool is_foreign_origin = call.origin && !is_own_origin(*call.origin, call.authority);
    const bool is_foreign_page = call.fetch_site && *call.fetch_site != "same-origin" && *call.fetch_site != "none";
    if (is_foreign_origin || is_foreign_page || (call.is_unix && call.origin)) {
        return Refusal{403, "cross_site", "a web page of another site sent this request", "use sluice ctl, or a client that is no browser"};
    }
    return std::nullopt;
}

std::optional<Refusal> AdminAccess::check_change(const AdminCall& call, TimePoint now) {
    const std::lock_guard lock(mutex_);
    if (!is_trusted_user(call)) {
        if (std::optional<Refusal> refusal = check_token(call, now)) return refusal;
    }
    if (call.has_body && !is_json(call.content_type.value_or(""))) {
        return Refusal{415, "content_type", "the body's Content-Type is not application/json", "send Content-Type: application/json"};
    }
    const Duration wait = changes_.wait(now);
    if (wait > Duration::zero()) return too_many("too_many_changes", "more changes than the admin listener takes", wait);
    changes_.take(now);
    return std::nullopt;
}

/// The system vouches for the user of a Unix-domain socket.
bool AdminAccess::is_trusted_user(const AdminCall& call) const {
    if (!call.is_unix || !call.user || !settings_.own_user) return false;
    return *call.user == 0 || *call.user == *settings_.own_user;
}

std::optional<Refusal> AdminAccess::check_token(const AdminCall& call, TimePoint now) {
    const std::optional<std::string_view> token = call.authorization ? bearer_token(*call.authorization) : std::nullopt;
    if (!token) {
        return Refusal{401, "token_missing", "a change needs the admin token", "send Authorization: Bearer TOKEN; sluice ctl does"};
    }
    // Asked before the token is looked at: a guess that is refused tells nothing.
    RateLimit& wrong = wrong_tokens_of(call.address, now);
    const Duration wait = wrong.wait(now);
    if (wait > Duration::zero()) return too_many("too_many_wrong_tokens", "too many wrong tokens came from this client", wait);
    if (equal_in_constant_time(*token, settings_.token)) return std::nullopt;
    wrong.take(now);
    return Refusal{401, "token_wrong", "the token is not that of this gateway",
                   "without admin.token it is another one after each start; see the file that the gateway's log names"};
}

RateLimit& AdminAccess::wrong_tokens_of(std::string_view address, TimePoint now) {
    const RateLimit fresh{wrong_tokens_per_second, wrong_token_burst};
    std::string key(address);
    if (wrong_tokens_.size() >= most_counted_clients && !wrong_tokens_.contains(key)) {
        std::erase_if(wrong_tokens_, [&](const auto& entry) { return entry.second.is_full(now); });
        if (wrong_tokens_.size() >= most_counted_clients) key = "others";
    }
    return wrong_tokens_.try_emplace(std::move(key), fresh).first->second;
}

}  // namespace sluice::app
