#include "routing/host_map.hpp"

namespace sluice::routing {

std::expected<std::string, std::string> parse_host(std::string_view text) {
    std::string host = to_lower(text);
    if (host.ends_with('.')) host.pop_back();
    const std::string_view name = std::string_view(host).substr(host.starts_with("*.") ? 2 : 0);
    const auto fault = [&](std::string_view why) {
        return std::unexpected("host '" + std::string(text) + "' " + std::string(why));
    };
    if (name.empty() && !text.empty()) return fault("is no name; leave it out for any host");
    if (name == "*") return fault("must be left out to mean any host");
    if (name.find('*') != std::string_view::npos) {
        return fault("may have '*' only as its first label: '*.example.com'");
    }
    if (name.find_first_of(" /\\@,?#\t") != std::string_view::npos) {
        return fault(
            "has a character that no host has; write the name alone, without scheme and path");
    }
    if (name.find(':') != std::string_view::npos && !name.starts_with('[')) {
        return fault("has a port; routes match the name alone, a listener has the port");
    }
    if (name.starts_with('.') || name.find("..") != std::string_view::npos)
        return fault("has an empty label");
    return host;
}

HostMap::HostMap(const std::vector<std::pair<std::string, std::uint32_t>>& hosts) {
    std::vector<std::pair<std::string, std::uint32_t>> exact;
    std::vector<std::pair<std::string, std::uint32_t>> suffixes;
    for (const auto& [host, set] : hosts) {
        if (host.empty()) {
            any_ = set;
        } else if (host.starts_with("*.")) {
            suffixes.emplace_back(host.substr(1), set);
        } else {
            exact.emplace_back(host, set);
        }
    }
    exact_ = StaticMap(exact);
    suffixes_ = StaticMap(suffixes);
}

}  // namespace sluice::routing
