#include "proxy/redirect_location.hpp"

namespace sluice::proxy {
namespace {

/// "[::1]" keeps its brackets.
std::string_view without_port(std::string_view authority) {
    const std::size_t colon = authority.rfind(':');
    const bool is_port = colon != std::string_view::npos && authority.find(']', colon) == std::string_view::npos;
    return is_port ? authority.substr(0, colon) : authority;
}

}  // namespace

std::string_view redirect_location(std::string_view text, const http::RequestHead& head, std::string& scratch) {
    if (!text.contains('{')) return text;
    scratch.clear();
    while (!text.empty()) {
        if (text.starts_with("{host}")) {
            scratch += without_port(head.authority);
            text.remove_prefix(6);
        } else if (text.starts_with("{path}")) {
            scratch += head.path;
            if (head.has_query) scratch.append("?").append(head.query);
            text.remove_prefix(6);
        } else {
            scratch += text.front();
            text.remove_prefix(1);
        }
    }
    return scratch;
}

}  // namespace sluice::proxy
