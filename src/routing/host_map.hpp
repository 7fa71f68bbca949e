#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "routing/static_map.hpp"

namespace sluice::routing {

/// Brings a route's host into the form that is compared: lower case, no trailing dot; "" is any
/// host and
/// "*.example.com" any name below example.com.
///
/// Failure: a sentence that says what is wrong.
[[nodiscard]] std::expected<std::string, std::string> parse_host(std::string_view text);

/// From a host name to the numbers of the route sets that serve it.
class HostMap {
public:
    HostMap() = default;
    /// Hosts as parse_host gives them, each once, with the number of its set.
    explicit HostMap(const std::vector<std::pair<std::string, std::uint32_t>>& hosts);

    /// Offers the sets most specific first, until `accept(set)` is true: exact, then suffixes from
    /// the longest, then any.
    template <typename Accept>
    [[nodiscard]] bool visit(std::string_view host, const Accept& accept) const noexcept;

    /// The number of the one set there is, when it serves any host; else StaticMap::none.
    [[nodiscard]] std::uint32_t only_set() const noexcept {
        return exact_.empty() && suffixes_.empty() ? any_ : StaticMap::none;
    }

private:
    /// A name in DNS has at most 253 characters; no longer one is in a map.
    static constexpr std::size_t max_host = 256;

    template <typename Accept>
    [[nodiscard]] bool visit_named(std::string_view host, const Accept& accept) const noexcept;

    StaticMap exact_;
    /// Keys begin with the dot.
    StaticMap suffixes_;
    std::uint32_t any_ = StaticMap::none;
};

template <typename Accept>
bool HostMap::visit(std::string_view host, const Accept& accept) const noexcept {
    if (host.ends_with('.')) host.remove_suffix(1);
    if (host.size() <= max_host && visit_named(host, accept)) return true;
    return any_ != StaticMap::none && accept(any_);
}

template <typename Accept>
bool HostMap::visit_named(std::string_view host, const Accept& accept) const noexcept {
    std::array<char, max_host> lowered;
    for (std::size_t i = 0; i < host.size(); ++i) lowered[i] = lower(host[i]);
    const std::string_view name(lowered.data(), host.size());
    const std::uint32_t exact = exact_.find(name);
    if (exact != StaticMap::none && accept(exact)) return true;
    if (suffixes_.empty()) return false;
    for (std::size_t dot = name.find('.', 1); dot != std::string_view::npos;
         dot = name.find('.', dot + 1)) {
        const std::uint32_t suffix = suffixes_.find(name.substr(dot));
        if (suffix != StaticMap::none && accept(suffix)) return true;
    }
    return false;
}

}  // namespace sluice::routing
